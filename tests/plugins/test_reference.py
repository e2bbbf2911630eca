"""How a user names a plug-in, and the reference parsed from it."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.plugins.reference import (
    LONGEST,
    Reference,
    base,
    parse_baseline,
    parse_dataset,
    parse_plugin,
    plain_baseline,
)


def of(label: str, absolute: str, argument: str = "", named: bool = False) -> Reference:
    return Reference(label=label, absolute=absolute, argument=argument, named=named, text="")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("poems", of("poems", "poems")),
        ("package.module:Words", of("Words", "package.module:Words")),
        ("/a/b=c.py:Words", of("Words", "/a/b=c.py:Words")),
        ("/a/b/../words.py:Words", of("Words", "/a/words.py:Words")),
        ("text", of("text", "text")),
        ("text:", of("text", "text")),
        ("text:a/train.txt", of("text:train", "text", "a/train.txt")),
        ("text:a=text:b.txt", of("text:a=text:b", "text", "a=text:b.txt")),
        ("text:a/train.csv.gz#body", of("text:train", "text", "a/train.csv.gz#body")),
        ("web=text:a/train.txt", of("web", "text", "a/train.txt", True)),
        ("my web.2=text:a=b.txt", of("my web.2", "text", "a=b.txt", True)),
        ("\u5317\u4eac=text:a.txt", of("\u5317\u4eac", "text", "a.txt", True)),
    ],
)
def test_datasets(text: str, expected: Reference) -> None:
    found = parse_dataset(text)
    assert found == expected and found.text == text
    assert parse_plugin(found.absolute).absolute == found.absolute, "the absolute form is its own"


@pytest.mark.parametrize(
    ("text", "label", "absolute", "preset", "named"),
    [
        ("seqgan", "seqgan", "seqgan", "", False),
        ("mine=/a/my.py:Arm", "mine", "/a/my.py:Arm", "", True),
        ("my gan-2=seqgan[hidden=64]", "my gan-2", "seqgan", "", True),
        ("seqgan@lean", "seqgan@lean", "seqgan", "lean", False),
        ("seqgan@my/own.toml[k=3]", "seqgan@own", "seqgan", "my/own.toml", False),
        ("/a/my.py:Arm@lean", "Arm@lean", "/a/my.py:Arm", "lean", False),
        ("short=package.arms:Arm@lean[k=3]", "short", "package.arms:Arm", "lean", True),
        ("/me@home/b=c.py:Arm", "Arm", "/me@home/b=c.py:Arm", "", False),
        ("seqgan[note=a@b=c]", "seqgan", "seqgan", "", False),
    ],
)
def test_a_baseline_takes_a_name_and_a_preset(text: str, label: str, absolute: str, preset: str, named: bool) -> None:
    found = parse_baseline(text)
    assert (found.label, found.absolute, found.preset, found.named) == (label, absolute, preset, named)
    assert found.knobs == parse_plugin(f"{absolute}[{text.partition('[')[2]}" if "[" in text else absolute).knobs
    assert plain_baseline(text) == absolute


def test_a_file_whose_path_holds_an_equals_sign_is_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a=b.py").write_text("")
    assert parse_baseline("a=b.py:Arm").absolute == f"{tmp_path}/a=b.py:Arm"
    assert parse_baseline("b=b.py:Arm").absolute == f"{tmp_path}/b.py:Arm"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a/b=seqgan", "-b a/b=seqgan: name it with letters"),
        (f"{'x' * (LONGEST + 1)}=mle", "80 at most"),
        ("=mle", "write it as NAME=BASELINE"),
        ("mine=", "write it as NAME=BASELINE"),
        ("seqgan@a+b.toml", r"-b seqgan@a\+b.toml: name it with letters"),
        ("mine=arm.py", "say which class of the file"),
    ],
)
def test_names_of_baselines_that_are_none(text: str, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        parse_baseline(text)


@pytest.mark.parametrize(
    ("label", "expected"),
    [("seqgan@lean[k=1]", "seqgan"), ("seqgan[a=b@c]", "seqgan"), ("text:me@home", "text:me@home"), ("mle", "mle")],
)
def test_the_base_of_a_label(label: str, expected: str) -> None:
    assert base(label) == expected


def test_the_parts_of_a_plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    entry, module, file = (parse_plugin(text) for text in ("mle", "package.module:Arm", "sub/arm.py:Arm"))
    assert [found.name for found in (entry, module, file)] == ["mle", "Arm", "Arm"]
    assert [found.module for found in (entry, module, file)] == ["", "package.module", ""]
    assert [found.file for found in (entry, module, file)] == [None, None, tmp_path / "sub" / "arm.py"]
    assert file.absolute == f"{tmp_path}/sub/arm.py:Arm" and file.text == "sub/arm.py:Arm"


def test_two_spellings_of_one_file_are_one_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    spellings = ["arm.py:Arm", "./arm.py:Arm", f"{tmp_path}/arm.py:Arm"]
    assert len({parse_plugin(text) for text in spellings}) == 1
    assert parse_plugin("arm.py:Other") != parse_plugin("arm.py:Arm")


def test_knobs_of_a_file_are_those_of_text_and_then_of_its_label() -> None:
    assert parse_dataset("web=text:a.txt").owners == ("text", "web")
    assert parse_dataset("text:a.txt").owners == ("text", "text:a")
    assert parse_dataset("text").owners == ("text",) and parse_dataset("poems").owners == ("poems",)


def test_a_reference_crosses_to_a_worker() -> None:
    found = parse_dataset("web=text:a.txt")
    assert pickle.loads(pickle.dumps(found)) == found and hash(found) == hash(parse_dataset("web=text:a.txt"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a/b=text:c.txt", "name it with letters"),
        ("=text:c.txt", "name it with letters"),
        (f"{'x' * (LONGEST + 1)}=text:c.txt", "80 at most"),
        ("mine=poems", "only a file takes a name, as in mine=text:FILE"),
        ("arm.py", r"arm\.py: say which class of the file, as in arm\.py:MyClass"),
    ],
)
def test_references_that_are_none(text: str, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        parse_dataset(text)


def test_a_trainer_takes_no_argument() -> None:
    assert parse_plugin("text:MyGan") == of("MyGan", "text:MyGan"), "a module called text"


@pytest.mark.parametrize(
    ("text", "label", "absolute", "knobs"),
    [
        ("markov[words=20,order=1]", "markov[order=1,words=20]", "markov", (("order", 1), ("words", 20))),
        ("coco[files=gfs]", "coco[files=gfs]", "coco", (("files", "gfs"),)),
        ("a.b:Words[ids=[1,2],n=.5]", "Words[ids=[1,2],n=.5]", "a.b:Words", (("ids", [1, 2]), ("n", ".5"))),
        ("poems[]", "poems[]", "poems[]", ()),
    ],
)
def test_knobs_in_brackets(text: str, label: str, absolute: str, knobs: tuple[tuple[str, object], ...]) -> None:
    found = parse_dataset(text)
    assert (found.label, found.absolute, found.knobs) == (label, absolute, knobs)
    assert found.owners == (tuple(dict.fromkeys((base(label), label))) if knobs else (label,))
    assert found == parse_dataset(found.label) or found.module
