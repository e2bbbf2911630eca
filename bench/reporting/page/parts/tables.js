// Tables that sort: a click on a head, or Enter, sorts by it; another turns the order; a third restores it.

/** Return the number that a cell begins with, as in "≤ 8.736 ± 0.021"; NaN if it begins with a word or a dash. */
function numberOf(cell) {
  return parseFloat(cell.textContent.trim().replace(/^[≤≥<]\s*/, "").replaceAll(",", ""));
}

/** Order two cells: numbers before words, dashes last whatever the direction. */
function compareCells(one, other, direction) {
  const [a, b] = [numberOf(one), numberOf(other)];
  const [x, y] = [one.textContent.trim(), other.textContent.trim()];
  if (!isNaN(a) && !isNaN(b)) return direction * (a - b);
  if (isNaN(a) !== isNaN(b)) return isNaN(a) ? 1 : -1;
  if ((x === "-") !== (y === "-")) return x === "-" ? 1 : -1;
  return direction * x.localeCompare(y);
}

/** Return the direction in which a column is sorted first: the best values come first. */
function firstDirection(head) {
  return head.textContent.includes("↑") ? "descending" : "ascending";
}

function nextDirection(head) {
  const first = firstDirection(head), now = head.getAttribute("aria-sort");
  if (!now) return first;
  return now === first ? (first === "ascending" ? "descending" : "ascending") : null;
}

function sortBy(table, head, index) {
  const direction = nextDirection(head), sign = direction === "descending" ? -1 : 1;
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  if (direction) head.setAttribute("aria-sort", direction);
  const body = table.tBodies[0], rows = [...body.rows];
  rows.sort((a, b) => a.dataset.place - b.dataset.place);
  if (direction) rows.sort((a, b) => compareCells(a.cells[index], b.cells[index], sign));
  body.append(...rows);
  stripe();
  say(direction ? `Sorted by ${nameOf(head)}, ${direction}.` : "In the report's order.");
}

/** Return the name of a column. */
function nameOf(head) {
  return (head.querySelector("button") || head).textContent.trim();
}

/** Make the last line of each head a button that sorts the table; a link above it stays. */
function sortable(table) {
  [...table.tBodies[0].rows].forEach((row, place) => { row.dataset.place = place; });
  [...table.tHead.rows[0].cells].forEach((head, index) => {
    const button = make("button", { type: "button", onclick: () => sortBy(table, head, index) });
    button.append(head.lastChild);
    head.append(button);
    if (head.dataset.signature) explain(head);
  });
}
