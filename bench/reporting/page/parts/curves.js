// Curves with a band over seeds: learning curves, and what a known oracle shows by position.

/** Return the points of the arms that are shown, one object each. */
function curvePoints(series) {
  return series.filter(({ label }) => isShown(label)).flatMap(({ label, points }) => points.map(
    ([x, mean, low = mean, high = mean]) => ({ arm: arms.get(label), x, mean, low, high }),
  ));
}

/** Return the scale of trained models: with the untrained one, far off, all arms would look like one line. */
function curveDomain(points) {
  const trained = points.filter(({ x }) => x > 0);
  return around((trained.length ? trained : points).map(({ mean }) => mean), 0.08);
}

/** Return the marks of one arm: its band, and its line, or a dot if it has a single point. */
function curveMarks(arm, points) {
  const mine = points.filter(point => point.arm === arm);
  const line = { x: "x", y: "mean", stroke: arm.colour, strokeWidth: 2, strokeDasharray: arm.dash, clip: true };
  return [
    Plot.areaY(mine, { x: "x", y1: "low", y2: "high", fill: arm.colour, fillOpacity: 0.15, clip: true }),
    mine.length > 1 ? Plot.line(mine, line) : Plot.dot(mine, { ...line, fill: arm.colour, r: 4 }),
  ];
}

function drawCurves(chart, width) {
  const points = curvePoints(chart.arms), open = curvePoints(chart.unfinished || []);
  const all = [...points, ...open];
  return plot({
    width,
    x: { label: chart.x, nice: false, type: chart.log ? "log" : "linear" },
    y: { label: chart.y, grid: true, labelArrow: "none", ...(chart.log ? { type: "log" } : { domain: curveDomain(all) }) },
    marks: [
      Plot.ruleX(chart.marks || [], { stroke: "var(--quiet)", strokeDasharray: "4,4" }),
      ...[...new Set(points.map(({ arm }) => arm))].flatMap(arm => curveMarks(arm, points)),
      ...(chart.unfinished || []).filter(({ label }) => isShown(label)).map(run => Plot.line(run.points, {
        x: ([x]) => x, y: ([, y]) => y, stroke: arms.get(run.label).colour, strokeWidth: 2.5, strokeDasharray: "1,4", clip: true,
      })),
      nearest(all, { x: "x", y: "mean", title: ({ arm, x, mean, low, high }) => `${arm.name}\nat ${x}: ${digits(mean)}${interval(low, high)}` }),
    ],
  });
}

/** Add a figure for each chart of curves. */
function addCurves(box, charts, note) {
  for (const chart of charts) {
    const labels = [...new Set([...chart.arms, ...(chart.unfinished || [])].map(({ label }) => label))];
    figure(box, { title: chart.title, note, labels, draw: width => drawCurves(chart, width) });
  }
}
