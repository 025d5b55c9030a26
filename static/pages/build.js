// A page that stays open for days learns that the site has a newer build, and offers to load it.
import { gettext } from "./i18n.js";
import { page } from "./page.js";
import { toast } from "./toasts.js";

const EVERY = 10 * 60_000; // ms
let isTold = false;

export async function checkBuild() {
  if (isTold) return;
  try {
    const answer = await fetch("/build", { cache: "no-store" });
    if (!answer.ok || (await answer.json()).build === page.build || isTold) return;
  } catch {
    return; // there is no link: the next look tells it
  }
  isTold = true;
  toast(gettext("There is a new version of this page."), { label: gettext("Reload"), act: () => location.reload(), lasts: 0 });
}

export function watchBuild() {
  setInterval(checkBuild, EVERY);
}
