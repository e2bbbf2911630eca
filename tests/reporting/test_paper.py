"""The names, the order and the files of rows and tables, from reports/paper.toml."""

from __future__ import annotations

import pytest

from bench.reporting.paper import paper, printed_name, printed_twin, slug, stands_for_base, value_of


def test_rows_are_named_and_ordered_as_in_the_paper() -> None:
    assert printed_name("seqgan[k=1,l2=0]") == "SeqGAN [k=1, l2=0]" and printed_name("MyGan") == "MyGan"
    labels = ["MyGan", "seqgan[k=1]", "mle", "real", "seqgan", "Another"]
    assert sorted(labels, key=paper().rank) == ["real", "mle", "seqgan", "seqgan[k=1]", "Another", "MyGan"]
    assert set(paper().order) <= paper().names.keys()


def test_a_row_that_would_be_printed_like_one_of_the_paper_has_a_twin() -> None:
    assert printed_twin("SeqGAN") == printed_twin("SeqGAN[k=1]") == "seqgan"
    assert printed_twin("seqgan") is None and printed_twin("MyGan") is None


def test_metrics_that_are_not_listed_keep_their_name() -> None:
    assert paper().metric("nll_oracle").decimals == 3
    assert (paper().metric("mine").name, paper().metric("mine").decimals) == ("mine", 4)


def test_a_variant_of_a_dataset_has_no_published_values() -> None:
    known, variant = paper().table("oracle"), paper().table("oracle[length=40]")
    assert known.published and not variant.published and variant.tested == known.tested
    assert (variant.title, variant.number) == ("oracle[length=40]", "") and not paper().table("mine").published


@pytest.mark.parametrize("names", [("a b", "a_b", "a-b", "A b"), ("名", "字"), ("-", "--", "")])
def test_no_two_datasets_share_a_file(names: tuple[str, ...]) -> None:
    found = [slug(name) for name in names]
    assert len(set(found)) == len(names) and all(part.isascii() and part[:1] not in ("", "-") for part in found)


def test_the_only_variant_stands_beside_the_published_value() -> None:
    values = {"seqgan": "8.736"}
    assert value_of(values, "seqgan", {"seqgan"}) == "8.736"
    assert value_of(values, "seqgan[k=1]", {"seqgan[k=1]"}) == "8.736"
    assert value_of(values, "seqgan[k=1]", {"seqgan[k=1]", "seqgan"}) is None
    assert stands_for_base("seqgan[k=1]", {"mle"}) and not stands_for_base("seqgan[k=1]", {"seqgan"})
