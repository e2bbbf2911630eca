"""Write a table for a paper: tabulars alone, which the paper puts into its own floats, and notes as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from bench.reporting import grids, notes, tabular
from bench.reporting.escape import latex_escape
from bench.reporting.table import Table
from bench.reporting.tabular import Cell, Layout, Stack

DELIMITERS: dict[str, Any] = {  # LaTeX does not use these
    "variable_start_string": "<<",
    "variable_end_string": ">>",
    "block_start_string": "<%",
    "block_end_string": "%>",
    "comment_start_string": "<#",
    "comment_end_string": "#>",
}

COMMANDS = {"best": "\\textbf{{{}}}", "tied": "\\textbf{{{}}}", "next": "\\underline{{{}}}"}
LETTERS = r"""% a letter that the font lacks: xelatex and lualatex set it in \seqbenchfont, pdflatex prints its code
\providecommand\seqbenchfont{}
\ifdefined\seqbenchletter\else
\ifdefined\Umathchar
\protected\def\seqbenchletter#1#2{\iffontchar\font"#2 #1\else%
{\seqbenchfont\iffontchar\font"#2 #1\else U+#2\fi}\fi}
\else
\protected\def\seqbenchletter#1#2{U+#2}
\fi
\fi
"""


def narrow(table: Table) -> str:
    """Return one tabular for a column of a paper, with the label of the table."""
    layout = tabular.narrow(table)
    return _scores(table, [layout], label(table))


def wide(table: Table) -> str:
    """Return tabulars with all columns, for the width of a page."""
    return _scores(table, tabular.wide(table), f"{label(table)}-full")


def tests(table: Table) -> str:
    """Return a tabular for each tested metric, for a column of a paper; a comment if there is no test."""
    layouts = [(grid.caption, tabular.plain(grid, tabular.COLUMN, tabular.TIGHT)) for grid in grids.short_tests(table)]
    return _tests(table, layouts, "a column (table)")


def all_tests(table: Table) -> str:
    """Return a tabular with all columns for each tested metric, for the width of a page."""
    layouts = [(grid.caption, tabular.plain(grid)) for grid in grids.tests(table)]
    return _tests(table, layouts, "both columns (table*)")


def text(table: Table) -> str:
    """Return the notes and signatures as paragraphs."""
    said = [*mark_notes(table), *notes.under(table)]
    return _render("notes.tex.j2", notes=said, signatures=grids.signatures(table), file=table.spec.file)


def document(tables: Sequence[Table]) -> str:
    """Return a document of two columns that shows all tables, tests and notes, and compiles by itself."""
    listed = [(Markup(table.spec.file), caption(table)) for table in tables]
    return _render("tables.tex.j2", tables=listed, letters=Markup(LETTERS))


def label(table: Table) -> str:
    """Return the label of a table, as \\ref takes it."""
    return f"tab:{table.spec.file}"


def caption(table: Table) -> str:
    """Return the caption: what the rows are measured on, and how to read a number."""
    title = grids.title(table)
    return f"{title[:1].upper()}{title[1:]}: mean ± half-width of the 95 % interval over seeds."


def mark_notes(table: Table) -> list[str]:
    """Return the lines that say what bold and underlined values are."""
    ranks = {column.name: table.ranks[column.metric] for column in table.columns}
    untested = [name for name, ranking in ranks.items() if not ranking.tested and len(ranking.places) > 1]
    bold = "Bold: the best mean of a column, and each that the exact test over seeds (Holm over the column) does "
    found = [f"{bold}not tell from it at .05. Underlined: the next. Real data take no part."] if ranks else []
    if untested:
        where = "" if len(untested) == len(ranks) else f" of {', '.join(untested)}"
        found.append(
            f"Too few seeds for a test to tell any row{where} from the best: there, bold is the best mean alone."
        )
    return found


def _tests(table: Table, layouts: Sequence[tuple[str, Layout]], where: str) -> str:
    found = [(caption, _tabular(layout)) for caption, layout in layouts]
    return _render("tests.tex.j2", tests=found, file=table.spec.file, where=where)


def _scores(table: Table, layouts: Sequence[Layout], name: str) -> str:
    shown = {stack.header.rpartition(" ")[0] for layout in layouts for stack in (*layout.stacks, layout.names)}
    shown |= {" ".join(cell.text.split()[:-1]) for layout in layouts for cell in layout.names.cells}  # if transposed
    lacking = [column.name for column in table.columns if column.name not in shown]
    tabulars = [_tabular(layout) for layout in layouts]
    return _render("table.tex.j2", tabulars=tabulars, label=name, lacking=lacking, file=table.spec.file)


def _tabular(layout: Layout) -> Markup:
    """Return the tabular of a layout. A split stack is two columns without a gap."""
    sides = "".join("r@{}l" if stack.split else "r" for stack in layout.stacks)
    made = [f"\\setlength{{\\tabcolsep}}{{{layout.gap / 2 - 0.25:g}pt}}%"]
    made += [f"\\begin{{tabular}}{{@{{}}l{sides}@{{}}}}", "\\toprule", _row(_header(layout)), "\\midrule"]
    for index, cells in enumerate(_rows(layout)):
        made += ["\\midrule"] if 0 < index == layout.above else []
        made.append(_row(cells))
    return Markup("\n".join([*made, "\\bottomrule", "\\end{tabular}"]))


def _row(cells: Sequence[str]) -> str:
    return f"{' & '.join(cells)} \\\\"


def _header(layout: Layout) -> list[str]:
    return [_lines(layout.names.title, "l"), *(_over(stack) for stack in layout.stacks)]


def _rows(layout: Layout) -> Iterator[list[str]]:
    for index, name in enumerate(layout.names.cells):
        values = (_cell(stack.cells[index], stack) for stack in layout.stacks)
        yield [_lines(tabular.lines(name.text), "l"), *values]


def _over(stack: Stack) -> str:
    shown = _lines(stack.title, "c" if stack.split else "r", "b")
    return f"\\multicolumn{{2}}{{c}}{{{shown}}}" if stack.split else shown


def _cell(cell: Cell, stack: Stack) -> str:
    shown = _lines(tabular.lines(cell.text), "r")
    if cell.wordy:
        return f"\\multicolumn{{2}}{{c}}{{{shown}}}" if stack.split else shown
    value = COMMANDS[cell.place].format(shown) if cell.place else shown
    half = f"\\seqbenchhalf{{{latex_escape(cell.half)}}}" if cell.half else ""
    return f"{value} & {half}{latex_escape(cell.mark)}" if stack.split else value


def _lines(found: Sequence[str], side: str, align: str = "t") -> str:
    """Return lines of text as one cell."""
    shown = [latex_escape(line) for line in found]
    if len(shown) == 1:
        return shown[0]
    inside = r" \\ ".join(shown)
    return f"\\begin{{tabular}}[{align}]{{@{{}}{side}@{{}}}}{inside}\\end{{tabular}}"


def _render(name: str, **values: Any) -> str:
    """Return a template with its values, each escaped, and before it the definitions that it needs."""
    from jinja2 import Environment, StrictUndefined

    made = Environment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: str(value) if isinstance(value, Markup) else latex_escape(str(value)),
        **DELIMITERS,
    )
    template = files("bench.reports").joinpath(name).read_text(encoding="utf-8")
    body = made.from_string(template).render(**values).rstrip() + "\n"
    return (LETTERS if "\\seqbenchletter" in body and LETTERS not in body else "") + body
