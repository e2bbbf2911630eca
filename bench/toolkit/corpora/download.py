"""Downloads that fail fast: a machine without a network is told so within seconds, once in a process."""

from __future__ import annotations

import socket
import tempfile
import threading
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from bench.contracts.errors import folded

CONNECT_SECONDS = 3.0
READ_SECONDS = 15.0

_unreachable: set[tuple[str, int]] = set()


class Unreachable(Exception):
    """The bytes cannot be had from here; the message says why."""


def download(url: str) -> bytes:
    """What the url holds; Unreachable where there is none, no network, or the server refuses."""
    if not url:
        raise Unreachable("no public url is known")
    if not _can_connect(url):
        raise Unreachable(f"offline, {url} cannot be reached")
    import pooch
    import requests

    with tempfile.TemporaryDirectory() as folder:
        half = Path(folder, "half")
        try:
            pooch.HTTPDownloader(timeout=(CONNECT_SECONDS, READ_SECONDS))(url, str(half), None)
        except (requests.RequestException, OSError) as error:
            raise Unreachable(f"{url} cannot be downloaded ({folded(error, 200)})") from None
        return half.read_bytes()


def _can_connect(url: str) -> bool:
    """Whether the server (or the proxy before it) takes a connection; resolving the name is bounded in time too."""
    address = _address(url)
    if address in _unreachable:
        return False
    answered = threading.Event()

    def connect() -> None:
        try:
            socket.create_connection(address, CONNECT_SECONDS).close()
            answered.set()
        except OSError:
            pass

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS)
    if not answered.is_set():
        _unreachable.add(address)
    return answered.is_set()


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    proxy = getproxies().get(parts.scheme)
    if proxy and not proxy_bypass(parts.hostname or ""):
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
