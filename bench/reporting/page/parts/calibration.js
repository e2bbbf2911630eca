// Calibration against a known oracle: on the dashed line a generator's probabilities are right.

function drawCalibration(chart, width) {
  const rows = chart.arms.filter(({ label }) => isShown(label));
  const points = rows.flatMap(({ label, points: own }) => own.map(([x, y]) => ({ arm: arms.get(label), x, y })));
  const axis = { type: "log", domain: [chart.least, 1], grid: true, ticks: 5, labelArrow: "none", tickFormat: value => value.toPrecision(1) * 1 };
  return plot({
    width, marginLeft: 60,
    x: { ...axis, label: "generator's probability" },
    y: { ...axis, label: "oracle's mean probability" },
    marks: [
      Plot.line([[chart.least, chart.least], [1, 1]], { stroke: "var(--quiet)", strokeDasharray: "4,4" }),
      ...rows.flatMap(({ label }) => {
        const arm = arms.get(label), mine = points.filter(point => point.arm === arm);
        const at = { x: "x", y: "y", stroke: arm.colour, clip: true };
        return [Plot.line(mine, { ...at, strokeWidth: 1.8, strokeDasharray: arm.dash }), Plot.dot(mine, { ...at, r: 2.5, fill: arm.colour })];
      }),
      nearest(points, { x: "x", y: "y", title: ({ arm, x, y }) => `${arm.name}\ngenerator ${digits(x)}\noracle ${digits(y)}` }),
    ],
  });
}

/** Add the figure of calibration if there is an oracle. */
function addCalibration(box, chart) {
  if (!chart) return;
  const note = "Tokens are grouped by the probability that the generator gives them. A group's height is the oracle's mean probability of its tokens; mean over seeds.";
  figure(box, { title: "Calibration", note, labels: chart.arms.map(({ label }) => label), draw: width => drawCalibration(chart, width) });
}
