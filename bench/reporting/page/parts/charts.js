// Figures: a title, a chart that is drawn when it comes into view, and a legend whose arms can be switched off.

/** Return what every chart has in common; `options` of the chart overrule it. */
function plot(options) {
  return Plot.plot({
    height: 320, marginLeft: 52, marginRight: 16, marginBottom: 40, insetTop: 6,
    style: { background: "none", color: "var(--ink)", fontFamily: "inherit", fontSize: "12px" },
    ...options,
  });
}

/** Return the box with the values of the point nearest to the pointer. */
function nearest(points, channels) {
  return Plot.tip(points, Plot.pointer({ ...channels, maxRadius: Infinity, fill: "var(--card)", stroke: "var(--quiet)", fontSize: 12 }));
}

/** Return a number with five digits at most. */
function digits(value) {
  return value === null ? "-" : String(Number(value.toPrecision(5)));
}

/** Return " [low, high]", or "" if there is no interval. */
function interval(low, high) {
  return low === null || low === high ? "" : ` [${digits(low)}, ${digits(high)}]`;
}

const drawings = [];
const seen = new IntersectionObserver(entries => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) target.draw();
}, { rootMargin: "300px" });
const sized = new ResizeObserver(entries => {
  for (const { target } of entries) if (target.drawn && Math.abs(target.drawn - target.clientWidth) > 8) target.draw();
});

/** Add a figure to a box; `draw(width)` returns its chart for the arms that are shown. Returns a function that draws it anew. */
function figure(box, { title, note = "", labels = [], bySymbol = false, draw, tools = [] }) {
  const area = make("div", { class: "plot", role: "img", "aria-label": `${title}. The values are in the tables and CSV files.` });
  area.draw = () => {
    area.drawn = area.clientWidth;
    area.replaceChildren(draw(Math.max(280, area.clientWidth)));
  };
  const legend = make("div", { class: "legend", role: "group", "aria-label": "Arms" }, ...labels.map(label => chip(label, bySymbol)));
  const about = note ? [make("details", { class: "note" }, make("summary", {}, "What it shows"), note)] : [];
  const bar = tools.length ? [make("div", { class: "tools" }, ...tools)] : [];
  box.append(make("figure", {}, make("h3", {}, title), ...bar, area, ...(labels.length ? [legend] : []), ...about));
  drawings.push(area);
  seen.observe(area);
  sized.observe(area);
  return () => { if (area.drawn) area.draw(); };
}

onArms(() => { for (const area of drawings) if (area.drawn) area.draw(); });
addEventListener("beforeprint", () => { for (const area of drawings) area.draw(); });

/** Return [low, high] around values with some room; for no values, [0, 1]. */
function around(values, room = 0.05) {
  const known = values.filter(value => value !== null);
  if (!known.length) return [0, 1];
  const low = Math.min(...known), high = Math.max(...known), spread = high - low || Math.abs(high) || 1;
  return [low - room * spread, high + room * spread];
}
