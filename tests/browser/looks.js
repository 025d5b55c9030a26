// What everybody must be able to read and use on a page, as sentences about what is not so. See test_looks.py.
() => {
  // Colours that fade from the other theme, and those that go on pulsing.
  for (const animation of document.getAnimations()) {
    if (animation.effect.getComputedTiming().endTime === Infinity) animation.cancel();
    else animation.finish();
  }
  const faults = new Set();
  const width = document.documentElement.clientWidth;
  const hidden = ".visually-hidden, .select2-hidden-accessible, .skip-to-content-link, .filter-toggle, .empty-form, .base-svgs";
  const isSeen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    && element.getBoundingClientRect().width > 1 && !element.closest(hidden);
  const tell = (fault, element) => {
    const text = (element.textContent || element.value || "").trim().replace(/\s+/g, " ").slice(0, 40);
    const of = element.parentElement;
    faults.add(`${fault}: ${of.tagName}#${of.id}.${of.className} > ${element.tagName}#${element.id}.${element.className} “${text}”`);
  };

  // Colours: what lies under a text is the first opaque background, and the see-through ones above it.
  const parse = (text) => { const found = text.match(/[\d.]+/g).map(Number); return [...found.slice(0, 3), found[3] ?? 1]; };
  const lay = (above, below) => [...[0, 1, 2].map((i) => above[i] * above[3] + below[i] * (1 - above[3])), 1];
  const behind = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) layers.unshift(parse(getComputedStyle(one).backgroundColor));
    return layers.reduce((below, above) => lay(above, below), [255, 255, 255, 1]);
  };
  const luminance = (colour) => {
    const [red, green, blue] = colour.map((value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };

  const scrollerOf = (element) => {
    for (let one = element.parentElement; one && one !== document.body; one = one.parentElement)
      if (/auto|scroll/.test(getComputedStyle(one).overflowX)) return one;
  };
  if (document.documentElement.scrollWidth > width) faults.add(`the page is ${document.documentElement.scrollWidth} px wide`);
  for (const element of document.querySelectorAll("body *:not(svg, svg *, script, option)")) {
    if (!isSeen(element)) continue;
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    if (box.right > width + 1 && !scrollerOf(element)) tell("sticks out of the page", element);
    const isTyped = element.matches("input:not([type=checkbox], [type=radio], [type=file], [type=hidden]), select, textarea");
    if (!isTyped && ![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
    if (parseFloat(style.fontSize) < 12) tell(`${style.fontSize} high`, element);
    const under = behind(element), ratio = contrast(lay(parse(style.color), under), under);
    if (ratio < 4.5 && !element.matches(":disabled")) tell(`contrast ${ratio.toFixed(2)}`, element);
  }
  for (const element of document.querySelectorAll(".badge, .act, .button, button")) {
    const around = element.closest("td, th, li, .panel, section, aside");
    if (!around || !isSeen(element)) continue;
    if (element.getBoundingClientRect().right > around.getBoundingClientRect().right + 1) tell("sticks out of its place", element);
  }

  const isNamed = (element) => element.labels?.length || element.ariaLabel || element.title
    || element.getAttribute("aria-labelledby") || element.querySelector("img[alt], [title]")
    || (element.matches("input, select, textarea") ? element.type === "submit" && element.value : element.textContent.trim());
  const used = document.querySelectorAll("input:not([type=hidden]), select, textarea, button, summary, a[href]");
  for (const element of used) {
    if (!isSeen(element) || element.matches(".select2-search__field")) continue;
    if (!isNamed(element)) tell("has no name", element);
    if (element.closest(".sortoptions, .selector-chooser")) continue; // a column's head, a double tap do the same
    if (width > 1024 || getComputedStyle(element).display === "inline") continue; // a link within a text
    const cell = element.matches("[type=checkbox], [type=radio]") && (element.labels?.[0] || element.closest("td, th"));
    const high = Math.max(element.getBoundingClientRect().height, cell ? cell.getBoundingClientRect().height : 0);
    if (high < 39.5) tell(`${Math.round(high)} px to touch`, element);
  }

  // What a template writes of a value that is missing, or is true or false.
  for (const element of document.querySelectorAll("td, dd, .readonly"))
    if (/^(None|True|False)$/.test(element.textContent.trim())) tell("no word for people", element);

  const headings = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter(isSeen);
  if (headings.filter((heading) => heading.tagName === "H1").length !== 1) faults.add("not one h1");
  headings.reduce((level, heading) => {
    if (+heading.tagName[1] > level + 1) tell(`a heading after h${level}`, heading);
    return +heading.tagName[1];
  }, 0);
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.add(`the id ${id} comes twice`);
  return [...faults];
}
