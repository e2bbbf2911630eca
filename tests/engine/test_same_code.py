"""Code of another version is refused, with both versions named."""

import re

import pytest

from bench.contracts.errors import BenchError
from bench.engine import same_code


@pytest.mark.parametrize("name", ["bench", "torch", "numpy"])
def test_another_version_is_refused_with_both_named(name: str) -> None:
    mine = same_code.own()
    same_code.refuse_other(mine, "worker")
    told = f"worker has {name} {mine[name]}, and this bench 9.9: install the same on both"
    with pytest.raises(BenchError, match=f"^{re.escape(told)}$"):
        same_code.refuse_other({**mine, name: "9.9"}, "worker")
