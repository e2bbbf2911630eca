// Every run as a dot: the seeds of each arm, the mean, and its 95 % interval.

function drawSeeds(chart, width) {
  const rows = chart.arms.filter(({ label }) => isShown(label)).map(row => ({ ...row, arm: arms.get(row.label) }));
  const dots = rows.flatMap(({ arm, values }) => values.map((value, place) => ({ arm, value, place })));
  const bars = rows.filter(({ half }) => half !== null);
  const left = Math.min(0.4 * width, 16 + 6.5 * Math.max(8, ...rows.map(({ arm }) => arm.name.length)));
  const real = rows.filter(({ label }) => label === "real");
  return plot({
    width, height: 60 + 22 * Math.max(4, rows.length), marginLeft: left,
    x: { label: chart.metric, domain: around([...dots.map(({ value }) => value)], 0.06), grid: true, labelArrow: "none" },
    y: { label: null, domain: rows.map(({ arm }) => arm.name), type: "band", padding: 0.4 },
    marks: [
      Plot.axisY({ tickSize: 0, lineWidth: (left - 12) / 12, textOverflow: "ellipsis" }),
      Plot.ruleX(real, { x: "mean", stroke: "var(--quiet)", strokeDasharray: "4,4" }),
      Plot.ruleY(bars, {
        y: ({ arm }) => arm.name, x1: ({ mean, half }) => mean - half, x2: ({ mean, half }) => mean + half,
        stroke: ({ arm }) => arm.colour, strokeWidth: 6, strokeOpacity: 0.25, clip: true,
      }),
      Plot.tickX(rows, { x: "mean", y: ({ arm }) => arm.name, stroke: ({ arm }) => arm.colour, strokeWidth: 2.5 }),
      Plot.dot(dots, { x: "value", y: ({ arm }) => arm.name, stroke: ({ arm }) => arm.colour, fill: "var(--card)", r: 3.5 }),
      nearest(rows, {
        x: "mean", y: ({ arm }) => arm.name,
        title: ({ arm, mean, half, values }) => `${arm.name}\nmean ${digits(mean)}${half === null ? "" : ` ± ${digits(half)}`}\nruns: ${values.slice(0, 12).map(digits).join(", ")}${values.length > 12 ? " ..." : ""}`,
      }),
    ],
  });
}

/** Add the figure of seeds, with a choice of the metric. */
function addSeeds(box, charts) {
  const known = charts.filter(({ arms: rows }) => rows.length);
  if (!known.length) return;
  let chosen = 0;
  const tool = choice("Metric", known.map(({ metric }) => metric), index => { chosen = index; redraw(); });
  const redraw = figure(box, {
    title: "Runs: one dot a seed", tools: [tool],
    note: "A dot is one run, the tick its arm's mean, the bar the 95 % interval (Student's t) over seeds, cut at the edge. The dashed line is the real row.",
    draw: width => drawSeeds(known[chosen], width),
  });
}
