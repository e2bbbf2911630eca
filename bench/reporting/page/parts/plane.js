// The plane of quality and diversity: a point for each arm, and its curve over temperatures if `bench sweep` made one.

function planeMarks(row) {
  const { arm } = row, at = { x: "x", y: "y", stroke: arm.colour, clip: true };
  const { x, y, x_half: across, y_half: up } = row;
  return [
    Plot.line(row.curve, { x: ([, x]) => x, y: ([, , y]) => y, stroke: arm.colour, strokeWidth: 1.8, strokeDasharray: arm.dash, clip: true }),
    Plot.dot(row.curve, { x: ([, x]) => x, y: ([, , y]) => y, fill: arm.colour, r: 2, clip: true }),
    ...(across === null ? [] : [Plot.ruleY([row], { ...at, x1: x - across, x2: x + across, strokeOpacity: 0.5 })]),
    ...(up === null ? [] : [Plot.ruleX([row], { ...at, y1: y - up, y2: y + up, strokeOpacity: 0.5 })]),
    Plot.dot([row], { x: "x", y: "y", stroke: arm.colour, strokeWidth: 2, fill: "var(--card)", symbol: arm.symbol, r: 5 }),
  ];
}

/** Return all points with the text of their box. */
function planePoints(rows, plane) {
  const own = rows.map(({ arm, x, y }) => ({ x, y, text: `${arm.name}\n${plane.x} ${digits(x)}\n${plane.y} ${digits(y)}` }));
  const tempered = rows.flatMap(({ arm, curve }) => curve.map(([temperature, x, y]) => ({
    x, y, text: `${arm.name}, temperature ${temperature}\n${plane.x} ${digits(x)}\n${plane.y} ${digits(y)}`,
  })));
  const others = plane.published.map(({ name, x, y }) => ({ x, y, text: `${name} (published)\n${digits(x)}, ${digits(y)}` }));
  return [...own, ...tempered, ...others];
}

function drawPlane(plane, width) {
  const rows = plane.arms.filter(({ label }) => isShown(label)).map(row => ({ ...row, arm: arms.get(row.label) }));
  const points = planePoints(rows, plane);
  return plot({
    width, height: 360,
    x: { label: plane.x, domain: around(points.map(({ x }) => x), 0.08), grid: true, labelArrow: "none" },
    y: { label: plane.y, domain: around(points.map(({ y }) => y), 0.08), grid: true, labelArrow: "none" },
    marks: [
      Plot.line(plane.hull, { stroke: "var(--line)", strokeWidth: 7, strokeLinecap: "round", clip: true }),
      ...rows.flatMap(planeMarks),
      Plot.dot(plane.published, { x: "x", y: "y", fill: "var(--quiet)", symbol: "diamond", r: 4 }),
      Plot.text(plane.published, { x: "x", y: "y", text: "name", dy: -9, fill: "var(--quiet)", fontSize: 10 }),
      nearest(points, { x: "x", y: "y", title: "text" }),
    ],
  });
}

/** Add the figure of planes, with a choice if there are several. */
function addPlanes(box, planes) {
  const known = planes.filter(({ arms: rows }) => rows.length);
  if (!known.length) return;
  let chosen = known.length - 1;
  const swept = known.some(({ arms: rows }) => rows.some(({ curve }) => curve.length));
  const tool = choice("Plane", known.map(({ x, y }) => `${y} against ${x}`), index => { chosen = index; redraw(); });
  tool.querySelector("select").value = chosen;
  const note = "Arrows in the names say which way is better. Lines through a point are its 95 % intervals over seeds. "
    + (swept ? "A curve is the arm over temperatures (bench sweep), the wide line the hull of all curves. " : "bench sweep adds curves over temperatures. ")
    + known.map(plane => plane.note).filter(Boolean).slice(0, 1).join("");
  const redraw = figure(box, {
    title: "Quality against diversity", bySymbol: true, tools: known.length > 1 ? [tool] : [], note,
    labels: [...new Set(known.flatMap(({ arms: rows }) => rows.map(({ label }) => label)))],
    draw: width => drawPlane(known[chosen], width),
  });
}
