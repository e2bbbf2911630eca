"""A reference names a plug-in in one text: `mle`, `package.module:Object`, `path/file.py:Object`, or `text:FILE`.

Knobs in brackets make a variant, which is the name in tables too: `seqgan[k=1]`, `markov[order=1,words=20]`. A baseline
takes a preset and a name too: `seqgan@lean`, `big=seqgan[hidden=64]`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.contracts.errors import BenchError
from bench.contracts.knobs import parse
from bench.contracts.visible import visible
from bench.files import marked
from bench.toolkit.corpora.reading.formats import stem
from bench.toolkit.corpora.reading.rows import split_column

TEXT = "text"
"""The dataset that reads a file of the user."""
PREFIX = f"{TEXT}:"
LONGEST = 80  # characters of a name


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A plug-in as the user names it, parsed once.

    `label` is what tables call it. `absolute` names the plug-in from any folder: a cell keeps it, and a worker loads
    the plug-in by it. `argument` is the FILE of text:FILE, "" if there is none. `named` is true if the user gave the
    label, as in NAME=text:FILE. `knobs` are those in brackets, sorted. `preset` is the PRESET of BASELINE@PRESET, ""
    if there is none. `text` is what the user wrote, for messages.
    """

    label: str
    absolute: str
    argument: str = ""
    named: bool = False
    knobs: tuple[tuple[str, Any], ...] = ()
    preset: str = ""
    text: str = field(compare=False)

    @property
    def name(self) -> str:
        """The name of the entry point, or of the object."""
        return self.absolute.rpartition(":")[2]

    @property
    def file(self) -> Path | None:
        """The absolute path of file.py:Object; None for other references."""
        head = self.absolute.rpartition(":")[0]
        return Path(head) if head.endswith(".py") else None

    @property
    def module(self) -> str:
        """The dotted name of package.module:Object; "" for other references."""
        return "" if self.file else self.absolute.rpartition(":")[0]

    @property
    def owners(self) -> tuple[str, ...]:
        """The names by which --set and presets set a dataset's knobs; a later name overrules."""
        if self.argument:
            return TEXT, self.label
        plain = base(self.label) if self.knobs else self.label
        return tuple(dict.fromkeys((plain, self.label)))


def parse_plugin(text: str) -> Reference:
    """Return the reference of a trainer, or of a dataset without an argument; BenchError if a file has no class."""
    refuse_half_characters(text)
    plain, inside = split_knobs(text)
    head, _, name = plain.rpartition(":")
    if plain.endswith(".py"):
        raise BenchError(f"{text}: say which class of the file, as in {plain}:MyClass")
    if head and not (all(map(str.isidentifier, name.split("."))) and len(name) <= LONGEST):
        raise BenchError(f"{text!r:.120}: {name!r:.40} is no class; give FILE.py:CLASS, {LONGEST} letters at most")
    absolute = f"{Path(head).resolve()}:{name}" if head.endswith(".py") else plain
    knobs = tuple(sorted(parse(f"{name}.{one}")[1:] for one in inside))
    if twin := next((key for key, _ in knobs if [other for other, _ in knobs].count(key) > 1), None):
        raise BenchError(f"{text}: it gives {twin} twice")
    return Reference(label=visible(name), absolute=absolute, knobs=knobs, text=text)


def refuse_half_characters(text: str) -> None:
    """Raise BenchError if a text holds a lone surrogate: Python makes one of a byte in a file name that is no UTF-8.

    No file of a run could hold it, and a cell could not be read back.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BenchError(f"{text!r:.120}: the name is not in UTF-8: rename the file") from None


def shown(value: str) -> str:
    """Return text from outside as a label holds it: unseen characters as escapes, and at most LONGEST characters.

    Longer text ends with a mark of its own.
    """
    return marked(visible(value)[:LONGEST], visible(value))


def parse_baseline(text: str) -> Reference:
    """Return a baseline: as `parse_plugin`, or BASELINE@PRESET, with or without NAME= before it; BenchError if no NAME.

    The label is the NAME, else the baseline with its preset. A path with a = in it is a path if there is such a file.
    """
    plain, _ = split_knobs(text)
    name, reference = _split_name(plain)
    reference, preset = _split_preset(reference)
    if (name is not None) and not (name and reference):
        raise BenchError(f"-b {text:.120}: write it as NAME=BASELINE, as in mine=my_gan.py:MyGan")
    for given in (name, preset and Path(preset).stem):
        if given:
            check_name(given, f"-b {text:.120}")
    found = parse_plugin(reference + text[len(plain) :])
    label = name or (f"{found.label}@{Path(preset).stem}" if preset else found.label)
    return replace(found, label=label, named=name is not None, preset=preset, text=text)


def plain_baseline(text: str) -> str:
    """Return a baseline as the user wrote it, without NAME=, @PRESET and knobs."""
    return _split_preset(_split_name(split_knobs(text)[0])[1])[0]


def _split_name(plain: str) -> tuple[str | None, str]:
    """Return (NAME, the rest) of NAME=REFERENCE; None for NAME if the = belongs to a path, or if there is none."""
    name, equals, rest = plain.partition("=")
    file = plain.rpartition(":")[0]
    is_path = file.endswith(".py") and ("/" in name or "\\" in name or Path(file).is_file())
    return (name, rest) if equals and not is_path else (None, plain)


def _split_preset(reference: str) -> tuple[str, str]:
    """Return (BASELINE, PRESET) of BASELINE@PRESET, "" for PRESET if there is none; a path may hold an @ too."""
    plain, at, preset = reference.rpartition("@")
    return (plain, preset) if at and plain and preset and ":" not in preset else (reference, "")


def base(label: str) -> str:
    """Return the label without knobs and preset: `seqgan@lean[rollouts=8]` -> `seqgan`."""
    plain = label.partition("[")[0]
    return plain if PREFIX in plain else plain.partition("@")[0]  # the name of a file may hold an @


def split_knobs(text: str) -> tuple[str, list[str]]:
    """Return the text before the brackets, and each KNOB=VALUE in them: `seqgan[k=1]` -> ("seqgan", ["k=1"])."""
    found = re.fullmatch(r"(.+?)\[([A-Za-z_]\w*=.*)\]", text, re.DOTALL)
    return (found[1], re.split(r",(?=[A-Za-z_]\w*=)", found[2])) if found else (text, [])


def parse_dataset(text: str) -> Reference:
    """Return the reference of a dataset: as `parse_plugin`, or text:FILE, or NAME=text:FILE; BenchError if NAME is bad.

    A variant is a dataset of its own, so its label holds its knobs.
    """
    refuse_half_characters(text)
    if text.startswith(PREFIX):
        file = text.removeprefix(PREFIX)
        label = f"{PREFIX}{shown(stem(split_column(file)[0]))}" if file else TEXT
        return Reference(label=label, absolute=TEXT, argument=file, text=text)
    name, equals, rest = text.partition("=")
    if equals and rest.startswith(PREFIX):
        check_name(name, f"-d {text:.120}")
        return Reference(label=name, absolute=TEXT, argument=rest.removeprefix(PREFIX), named=True, text=text)
    if equals and name.isidentifier():
        raise BenchError(f"-d {text}: only a file takes a name, as in {name}=text:FILE")
    found, told = parse_plugin(text), ",".join(map(shown, sorted(split_knobs(text)[1])))
    return replace(found, label=f"{found.label}[{told}]") if told else found


def check_name(name: str, option: str) -> None:
    """Raise BenchError, which names the option as the user wrote it, if a name cannot be that of a row or a dataset."""
    if not re.fullmatch(r"\w[\w. -]*", name) or len(name) > LONGEST:
        raise BenchError(f"{option}: name it with letters, digits, spaces and . _ - only, {LONGEST} at most")
