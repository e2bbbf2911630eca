// Copy what a table shows (rows, columns and order as on the page) as LaTeX, Markdown or CSV.

const LATEX = {
  "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}", ">": "\\textgreater{}",
  "|": "\\textbar{}", "±": "$\\pm$", "≤": "$\\leq$", "≥": "$\\geq$", "†": "$^\\dagger$", "‡": "$^\\ddagger$", "↓": "$\\downarrow$", "↑": "$\\uparrow$",
  "[": "{[}", "]": "{]}",
};

function latexText(text) {
  return text.replace(/[\\~^<>|±≤≥†‡↓↑[\]&%$#_{}]/g, char => LATEX[char] || `\\${char}`);
}

/** Return the shown cells, row by row: {text, best} each; the head is the first row. */
function shownCells(table) {
  return [...table.rows].filter(row => !row.hidden).map(row => [...row.cells].filter(cell => !cell.hidden).map(cell => ({
    text: row.parentNode.tagName === "THEAD" ? columnName([...row.cells], cell.cellIndex) : cell.textContent.trim(),
    best: cell.classList.contains("best"),
  })));
}

const FORMATS = {
  LaTeX(rows) {
    const [head, ...body] = rows.map(row => `${row.map(({ text, best }) => best ? `\\textbf{${latexText(text)}}` : latexText(text)).join(" & ")} \\\\`);
    return ["% needs \\usepackage{booktabs}", `\\begin{tabular}{l${"r".repeat(rows[0].length - 1)}}`, "\\toprule", head, "\\midrule", ...body, "\\bottomrule", "\\end{tabular}", ""].join("\n");
  },
  Markdown(rows) {
    const escaped = text => text.replace(/[\\*_`[\]#]/g, "\\$&").replace(/[|<>]/g, char => `&#${char.charCodeAt(0)};`);
    const [head, ...body] = rows.map(row => `| ${row.map(({ text, best }) => best ? `**${escaped(text)}**` : escaped(text)).join(" | ")} |`);
    return [head, `|---|${"---:|".repeat(rows[0].length - 1)}`, ...body, ""].join("\n");
  },
  CSV(rows) {
    const guarded = text => /^[=+\-@]/.test(text) && isNaN(text) ? `'${text}` : text;
    const quoted = text => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    return rows.map(row => row.map(({ text }) => quoted(text === "-" ? "" : guarded(text))).join(",") + "\n").join("");
  },
};

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {  // no clipboard for pages opened from a file, in some browsers
    const area = document.body.appendChild(make("textarea"));
    area.value = text;
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

/** Return a group of buttons that copy a table. */
function copyButtons(table) {
  const buttons = Object.keys(FORMATS).map(format => make("button", {
    type: "button", "data-copy": format,
    onclick: async event => {
      await copyText(FORMATS[format](shownCells(table)));
      event.target.focus();
      say(`Copied as ${format}.`);
    },
  }, format));
  return make("span", { class: "copy", role: "group", "aria-label": "Copy as" }, "Copy as", ...buttons);
}
