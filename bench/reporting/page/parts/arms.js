// Which arms are shown, in all tables and charts at once, and how each is drawn.

const DASHES = [null, "6,4", "1.5,4"], BORDERS = ["solid", "dashed", "dotted"];
const SYMBOLS = ["circle", "triangle", "square", "diamond", "cross", "star", "wye"];
const SIGNS = ["●", "▲", "■", "◆", "✚", "★", "⅄"], COLOURS = 10;

const arms = new Map(page.arms.map(({ label, name }, index) => [label, {
  label, name, index,
  colour: `var(--c${index % COLOURS})`,
  dash: DASHES[Math.floor(index / COLOURS) % DASHES.length],
  border: BORDERS[Math.floor(index / COLOURS) % BORDERS.length],
  symbol: SYMBOLS[index % SYMBOLS.length],
  sign: SIGNS[index % SIGNS.length],
}]));
const hidden = new Set();
const listeners = [];
let wanted = "";

/** Return whether an arm is shown: it is switched on and its name holds the filter's text. */
function isShown(label) {
  return !hidden.has(label) && arms.get(label).name.toLowerCase().includes(wanted);
}

/** Call a function after every change of what is shown. */
function onArms(listener) {
  listeners.push(listener);
}

function armsChanged() {
  for (const row of document.querySelectorAll("tr[data-arm]")) row.hidden = !isShown(row.dataset.arm);
  for (const chip of document.querySelectorAll(".chip")) chip.setAttribute("aria-pressed", !hidden.has(chip.dataset.arm));
  stripe();
  for (const listener of listeners) listener();
}

function toggleArm(label) {
  if (!hidden.delete(label)) hidden.add(label);
  armsChanged();
}

/** Return a button that shows or hides an arm, with the arm's line, or its symbol. */
function chip(label, bySymbol = false) {
  const arm = arms.get(label);
  const line = () => make("span", { class: "swatch", style: `border-color: ${arm.colour}; border-top-style: ${arm.border}` });
  const symbol = () => make("span", { "aria-hidden": true, style: `color: ${arm.colour}` }, arm.sign);
  return make("button", {
    type: "button", class: "chip", "data-arm": label, "aria-pressed": !hidden.has(label), onclick: () => toggleArm(label),
  }, bySymbol ? symbol() : line(), arm.name);
}

/** Colour every second shown row of each table. */
function stripe() {
  for (const body of document.querySelectorAll("tbody")) {
    [...body.rows].filter(row => !row.hidden).forEach((row, place) => row.classList.toggle("odd", place % 2 === 1));
  }
}

/** Return the menu that filters and switches the arms of the whole page. */
function armsMenu() {
  const filter = make("input", { type: "search", id: "filter", placeholder: "Filter by name", "aria-label": "Filter arms by name" });
  filter.addEventListener("input", () => { wanted = filter.value.trim().toLowerCase(); armsChanged(); });
  const all = make("button", { type: "button", onclick: () => { hidden.clear(); armsChanged(); } }, "Show all");
  const none = make("button", { type: "button", onclick: () => { for (const label of arms.keys()) hidden.add(label); armsChanged(); } }, "Hide all");
  return menu("Arms", { id: "arms" }, filter, make("div", { class: "row" }, all, none), ...[...arms.keys()].map(label => chip(label)));
}
