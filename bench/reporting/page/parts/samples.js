// Samples of arms and real text side by side; "Shuffle" shows others.

const AT_ONCE = 5;

/** Return some of the texts in random order, without repeats. */
function drawn(texts) {
  return d3.shuffle([...texts]).slice(0, AT_ONCE);
}

function sampleColumn({ label }, texts, music) {
  const items = texts.map(text => make("li", { dir: "auto" }, ...(music ? [tune(text, music)] : [text || "(empty)"])));
  return make("div", { class: label === "real" ? "real" : "", "data-sample": label }, make("h4", {}, arms.get(label).name), make("ol", {}, ...items));
}

/** Add the samples of a section. */
function addSamples(box, columns, music) {
  if (!columns.length) return;
  const side = make("div", { class: "side", tabindex: 0, role: "region", "aria-label": "Samples side by side" });
  const fill = pick => {
    stopTune();
    side.replaceChildren(...columns.filter(({ label }) => isShown(label)).map(column => sampleColumn(column, pick(column.texts), music)));
  };
  const first = texts => texts.slice(0, AT_ONCE);
  const shuffle = make("button", { type: "button", "data-shuffle": true, onclick: () => { fill(drawn); say("Other samples are shown."); } }, "Shuffle");
  box.append(make("h3", {}, music ? "Tunes to see and hear" : "Samples"), make("div", { class: "tools" }, shuffle), side);
  onArms(() => fill(first));
  fill(first);
}
