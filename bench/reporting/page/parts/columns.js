// A menu that shows and hides the columns of a table.

function showColumn(table, index, shown) {
  for (const row of table.rows) row.cells[index].hidden = !shown;
}

/** Return a menu with a box for each column after the first; null if there is little to choose. */
function columnsMenu(table) {
  const heads = [...table.tHead.rows[0].cells];
  if (heads.length < 4) return null;
  const boxes = heads.slice(1).map((head, place) => make("label", {}, make("input", {
    type: "checkbox", checked: true, onchange: event => showColumn(table, place + 1, event.target.checked),
  }), columnName(heads, place + 1)));
  return menu("Columns", {}, ...boxes);
}

/** Return a column's name; that of published values says which metric they are of. */
function columnName(heads, index) {
  const name = nameOf(heads[index]), above = heads[index].querySelector("a");
  if (name === "published") return `${nameOf(heads[index - 1])} published`;
  return above ? `${above.textContent}: ${name}` : name;
}
