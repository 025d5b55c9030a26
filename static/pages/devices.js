// A vendor's devices: added with a code that is told once, renamed, given a new code, revoked.
import { act, read } from "./api.js";
import { openDialog } from "./dialogs.js";
import { fill, h } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";
import { page } from "./page.js";
import { released } from "./press.js";
import { when } from "./time.js";
import { toast } from "./toasts.js";

const base = `/vendors/${page.vendor.id}/devices`;
const list = document.getElementById("devices");
const form = document.getElementById("add");

async function show() {
  try {
    const { body } = await read(`${base}?per_page=100`);
    await released();
    fill(list, body.results.length ? body.results.map(rowOf) : h("p", {}, gettext("No device yet.")));
  } catch (problem) {
    fill(list, h("p.notice.bad", { role: "alert" }, problem.message));
  }
}

function rowOf(device) {
  const seen = device.last_seen_at && interpolate(gettext("Last seen %(time)s"), { time: when(new Date(device.last_seen_at)) });
  return h("div.stack", { role: "group", "aria-label": device.name },
    h("strong", {}, device.name),
    h("span", {}, device.paired_at ? seen : gettext("Not paired yet")),
    h("div.row", {},
      h("button", { type: "button", onclick: () => change(() => act("POST", `${base}/${device.id}/code`), tellCode) }, gettext("New code")),
      h("button", { type: "button", onclick: () => rename(device) }, gettext("Rename")),
      h("button", { type: "button", onclick: () => revoke(device) }, gettext("Revoke")),
    ),
  );
}

// Does something, shows the devices anew, and tells what came of it or why it did not work.
async function change(what, then) {
  try {
    const answer = await what();
    await show();
    then?.(answer);
    return true;
  } catch (problem) {
    toast(problem.message);
    return false;
  }
}

function tellCode({ name, kind, code, code_expires_at: expires }) {
  if (kind === "printer") return tellPrinter(name, code);
  const until = interpolate(gettext("It works once, until %(time)s."), { time: when(new Date(expires)) });
  return openDialog(name, () => [
    h("p", {}, interpolate(gettext("Open %(address)s on the device and type this code:"), { address: page.pairing_url })),
    h("p", {}, h("strong.code", {}, `${code.slice(0, 4)} ${code.slice(4)}`)),
    h("p", {}, until),
  ]);
}

// A printer types no code: this page uses it, and tells what goes into the printer's own settings.
async function tellPrinter(name, code) {
  const goesOn = await openDialog(name, (close) => [
    h("p", {}, gettext("The printer gets a password; one that it already has ends.")),
    h("button.main", { type: "button", onclick: () => close(true) }, gettext("Show the password")),
  ]);
  if (!goesOn) return;
  let paired;
  const isPaired = await change(async () => { paired = await act("POST", "/devices/pair", { code }, { tries: 1 }); });
  if (!isPaired) return;
  const row = (term, value) => h("div", {}, h("dt", {}, term), h("dd.copied", {}, value));
  await openDialog(name, () => [
    h("p", {}, gettext("Choose CloudPRNT in the printer's own settings, and enter there:")),
    h("dl.stack", {}, row(gettext("Address"), page.printer_url), row(gettext("User"), String(paired.id)), row(gettext("Password"), paired.token)),
    h("p", {}, gettext("The password is shown this once.")),
  ]);
}

async function rename(device) {
  const input = h("input", { value: device.name, required: true, maxLength: 60, "aria-label": gettext("Name") });
  const name = await openDialog(gettext("Rename"), (close) =>
    h("form.fields", { onsubmit: (event) => { event.preventDefault(); close(input.value); } }, input, h("button.main", {}, gettext("Save"))));
  if (name) await change(() => act("PATCH", `${base}/${device.id}`, { name }));
}

async function revoke(device) {
  const isSure = await openDialog(interpolate(gettext("Revoke %(name)s?"), { name: device.name }), (close) => [
    h("p", {}, gettext("It is signed out at once, and needs a new code to come back.")),
    h("button.main", { type: "button", onclick: () => close(true) }, gettext("Revoke")),
  ]);
  if (isSure) await change(() => act("DELETE", `${base}/${device.id}`));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  const given = { name: form.elements.name.value, kind: form.elements.kind.value };
  if (await change(() => act("POST", base, given), tellCode)) form.reset();
  button.disabled = false;
});

show();
