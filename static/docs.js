// Swagger UI over the site's own document. A signed-in person's calls carry the CSRF token of this page.
// It draws only the calls that are in view, so the browser's own search does not find the others: the filter does, by group.
"use strict";

const here = document.currentScript.dataset;

// Its dark colours hold below this class.
const dark = matchMedia("(prefers-color-scheme: dark)");
const followTheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followTheme);
followTheme();

SwaggerUIBundle({
  url: here.schema,
  dom_id: "#swagger-ui",
  deepLinking: true,
  filter: true,
  requestInterceptor: (request) => {
    if (!["GET", undefined].includes(request.method) && request.credentials === "same-origin") {
      request.headers["X-CSRFToken"] = here.token;
    }
    return request;
  },
});
