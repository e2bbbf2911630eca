// Put everything in its place.

document.body.append(tip);
document.getElementById("bar").append(armsMenu());
for (const table of document.querySelectorAll("table")) {
  sortable(table);
  const columns = columnsMenu(table), tools = make("div", { class: "tools" }, ...(columns ? [columns] : []), copyButtons(table));
  table.closest(".table").prepend(tools);
}
for (const section of document.querySelectorAll("[data-section]")) {
  const drawn = page.sections[section.dataset.section], charts = section.querySelector(".charts");
  addCurves(charts, drawn.curves, drawn.notes.curves);
  addSeeds(charts, drawn.seeds);
  addPlanes(charts, drawn.planes);
  addCurves(charts, drawn.profiles, drawn.notes.profiles);
  addCurves(charts, drawn.ladders, "Mean over finished seeds, band: 95 % interval.");
  addCalibration(charts, drawn.calibration);
  addSamples(section.querySelector(".samples"), drawn.samples, drawn.music);
}
stripe();

const folded = () => document.querySelectorAll("section details, figure details");
addEventListener("beforeprint", () => { for (const fold of folded()) { fold.dataset.was = fold.open; if (!fold.closest(".tools")) fold.open = true; } });
addEventListener("afterprint", () => { for (const fold of folded()) fold.open = fold.dataset.was === "true"; });
