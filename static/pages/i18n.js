// The page's sentences in its reader's language: the English one is the key.
import { page } from "./page.js";

const forms = new Intl.PluralRules(page.language);

export function gettext(text) {
  const found = page.catalogue[text];
  return typeof found === "string" && found ? found : text;
}

// Of two English forms the one for a count, in the reader's language.
export function ngettext(one, many, count) {
  const found = page.catalogue[one];
  const form = forms.select(count) === "one" ? 0 : 1;
  return Array.isArray(found) && found[form] ? found[form] : [one, many][count === 1 ? 0 : 1];
}

// Fills in "%(name)s" by the values of an object.
export function interpolate(text, values) {
  return text.replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
