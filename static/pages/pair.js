// Pairs this browser by a code: the token stays in a cookie that no script reads.
import { act } from "./api.js";
import { setText } from "./dom.js";
import { gettext } from "./i18n.js";

const form = document.getElementById("pair");
const fault = document.getElementById("fault");
const code = form.elements.code;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  fault.hidden = true;
  try {
    const { vendor } = await act("POST", "/devices/pair", { code: code.value, browser: true }, { tries: 1 });
    location.assign(`/board/${vendor.id}`);
  } catch (problem) {
    setText(fault, problem.status === 400 ? gettext("This code is wrong, was already used or is too old: ask for a new one.") : problem.message);
    fault.hidden = false;
    code.select();
    code.focus();
  }
  button.disabled = false;
});
