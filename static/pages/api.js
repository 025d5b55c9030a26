// Calls of the API with the page's own session. A call that changes something has one key, however often it is sent.
import { gettext, interpolate } from "./i18n.js";
import { page } from "./page.js";

const BASE = "/api/v1";
const TRIES = 6;
const LONGEST = 30_000; // ms of one try
const PASSING = new Set([429, 502, 503, 504]);

// A refusal by the server, or no answer at all (status 0); its message is a sentence for people.
export class Problem extends Error {
  constructor(status, body = {}) {
    super(sentenceOf(status, body));
    this.status = status;
    this.code = body.code ?? "";
    this.body = body;
    this.wait = 0; // seconds to wait before it is tried again
  }

  // Whether the same call may well work a little later.
  get passes() {
    return this.status === 0 || PASSING.has(this.status) || (this.status === 409 && this.wait > 0);
  }
}

function sentenceOf(status, body) {
  if (status === 0) return gettext("The server does not answer. Check the connection, then try again.");
  if (status === 401) return gettext("You are signed out. Sign in again.");
  if (status === 412) return gettext("Somebody has changed this order meanwhile. Look at it again.");
  if (body.code === "transition_not_allowed") return gettext("The order has moved on meanwhile: this can no longer be done.");
  if (status === 429) return gettext("Too many calls at once. Wait a moment, then try again.");
  if (status >= 500) return interpolate(gettext("Something went wrong (%(status)s). Try again."), { status });
  return body.errors?.[0]?.detail || body.detail || gettext("This did not work.");
}

export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function cookie(name) {
  return document.cookie.split("; ").find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
}

let whenSignedOut = () => location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);

// What happens once the session has ended; a page that works without one sets its own.
export function onSignedOut(act) {
  whenSignedOut = act;
}

async function send(path, options, signal) {
  const timed = AbortSignal.timeout(LONGEST);
  const both = signal ? AbortSignal.any([signal, timed]) : timed;
  let answer;
  try {
    const headers = { ...options.headers, "Problem-Language": page.language };
    answer = await fetch(BASE + path, { credentials: "same-origin", cache: "no-store", ...options, headers, signal: both });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0);
  }
  if (answer.ok) return answer;
  const isJson = (answer.headers.get("Content-Type") ?? "").includes("json");
  const problem = new Problem(answer.status, isJson ? await answer.json().catch(() => ({})) : {});
  problem.wait = Number(answer.headers.get("Retry-After")) || 0; // seconds
  throw problem;
}

// Reads: {body, headers}. Raises Problem; a signed-out reader is led to the sign-in.
export async function read(path, { signal } = {}) {
  try {
    const answer = await send(path, { headers: { Accept: "application/json" } }, signal);
    return { body: await answer.json(), headers: answer.headers };
  } catch (problem) {
    if (problem.status === 401) whenSignedOut();
    throw problem;
  }
}

// Changes something: sent again with the same key until there is an answer, so that it is done once. `version` is the
// order's that was seen, where the act must not meet another one.
export function act(method, path, body, { version, ...rest } = {}) {
  const headers = {};
  if (body !== undefined && body !== null) headers["Content-Type"] = "application/json";
  if (version !== undefined && version !== null) headers["If-Match"] = `"${version}"`;
  return repeat(path, { method, headers, body: headers["Content-Type"] ? JSON.stringify(body) : undefined }, rest);
}

// Sends a form with files; else as `act`.
export function upload(path, form, rest = {}) {
  return repeat(path, { method: "POST", headers: {}, body: form }, rest);
}

async function repeat(path, options, { key = newKey(), tries = TRIES } = {}) {
  Object.assign(options.headers, { Accept: "application/json", "Idempotency-Key": key, "X-CSRFToken": cookie(page.csrf_cookie) });
  for (let tried = 1; ; tried += 1) {
    try {
      const answer = await send(path, options);
      return answer.status === 204 ? null : await answer.json();
    } catch (problem) {
      if (problem.status === 401) whenSignedOut();
      if (!problem.passes || tried >= tries) throw problem;
      const least = Math.max(problem.wait, Math.min(8, 0.4 * 2 ** tried)); // seconds
      await new Promise((resolve) => setTimeout(resolve, 1000 * least * (0.75 + Math.random() / 2)));
    }
  }
}
