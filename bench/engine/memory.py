"""How much memory worker processes use, and how much this machine gives them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

SHARE = 0.9
"""Share of the machine's memory that cells may use if the user gives no limit."""
_MOST = re.compile(r"^(?:RssAnon|RssShmem|VmSwap):\s*(\d+) kB", re.M)
_EXACT = re.compile(r"^(?:Pss_Anon|Pss_Shmem|SwapPss):\s*(\d+) kB", re.M)


def used(leaders: Iterable[int], *, exact: bool = False) -> dict[int, int]:
    """Return the bytes that each worker uses, together with the processes of its group: pid of the leader -> bytes.

    Pages of files, such as those of libraries, are left out: processes share them, and the system can drop them. A page
    of memory that processes share counts for each of them in full; with `exact` each has its part, which takes longer
    to find out. Where there is no /proc the resident memory of the worker and its children stands in.
    """
    found = dict.fromkeys(leaders, 0)
    if not found or not Path("/proc/self/status").exists():
        return {leader: _resident(leader) for leader in found}
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit():
            with suppress(OSError):  # it ended meanwhile
                group = os.getpgid(int(name))
                if group in found:
                    found[group] += _own(Path("/proc", name), exact)
    return found


def machine_limit() -> int:
    """Return the bytes that all cells together may use by default: most of the memory of the machine or container."""
    import psutil

    of_groups = group_limits(Path("/sys/fs/cgroup"), _read(Path("/proc/self/cgroup")))
    return int(SHARE * min([psutil.virtual_memory().total, *of_groups]))


def group_limits(root: Path, membership: str) -> Iterator[int]:
    """Yield the limits in bytes of the control groups that this process is in, with the groups above them.

    `membership` is the text of /proc/self/cgroup.
    """
    for line in membership.splitlines():
        controllers, _, path = line.partition(":")[2].partition(":")
        top = root / "memory" if controllers == "memory" else root
        if controllers not in ("memory", ""):
            continue
        folder = top / path.strip("/")
        for place in (folder, *folder.parents):
            if place.is_relative_to(top):
                for name in ("memory.max", "memory.limit_in_bytes"):
                    text = _read(place / name).strip()
                    if text.isdigit():  # not "max"
                        yield int(text)


def kills() -> int:
    """Return how many processes the system has killed because it was out of memory; 0 if it does not say."""
    found = re.search(r"^oom_kill (\d+)$", _read(Path("/proc/vmstat")), re.M)
    return int(found[1]) if found else 0


def be_the_first_to_go() -> None:
    """Let the system kill this process, before others of its user, if it is out of memory."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")


def gib_to_bytes(gib: float | None) -> int | None:
    """Return a limit in bytes that is given in GiB; None if none is given."""
    return None if gib is None else max(1, int(gib * 2**30))


def gib(count: float) -> str:
    """Return bytes for a message: "1.50 GiB"."""
    return f"{count / 2**30:.2f} GiB"


def _own(process: Path, exact: bool) -> int:
    """Return the bytes of a process that are not pages of files, from its folder in /proc."""
    parts = _EXACT.findall(_read(process / "smaps_rollup")) if exact else []
    return sum(int(kib) for kib in parts or _MOST.findall(_read(process / "status"))) * 1024


def _resident(pid: int) -> int:
    import psutil

    total = 0
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            with suppress(psutil.Error):
                total += each.memory_info().rss
    return total


def _read(path: Path) -> str:
    """Return the text of a file; empty if it cannot be read."""
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
