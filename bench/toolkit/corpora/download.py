"""Download a file within limits of bytes and of time: for the connection, for a silence, and for the whole."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from bench.contracts.errors import folded

if TYPE_CHECKING:
    from requests import Response

CONNECT_SECONDS = 3.0
READ_SECONDS = 15.0
WHOLE_SECONDS = 600.0
MOST_BYTES = 64 * 2**20
CHUNK = 2**16

_unreachable: set[tuple[str, int]] = set()


class Unreachable(Exception):
    """The file cannot be downloaded; the message says why."""


def download(url: str, size: int | None = None) -> bytes:
    """Return the bytes at the url as the server sends them, not unpacked.

    `size` is that of the published file; without it at most MOST_BYTES are read. Unreachable if there is no network, or
    the server refuses, is silent for READ_SECONDS, takes more than WHOLE_SECONDS, or sends more bytes or packed ones.
    """
    if not url:
        raise Unreachable("no public url is known")
    if not _can_connect(url):
        raise Unreachable(f"offline, {url} cannot be reached")
    transfer = _Transfer(url, MOST_BYTES if size is None else size)
    transfer.start()
    transfer.join(WHOLE_SECONDS)
    if transfer.is_alive():
        transfer.given_up.set()
        raise Unreachable(f"{url} cannot be downloaded (not all of it came within {WHOLE_SECONDS:g} seconds)")
    if transfer.fault:
        raise Unreachable(f"{url} cannot be downloaded ({transfer.fault})")
    return bytes(transfer.content)


class _Transfer(threading.Thread):
    """One download, in a thread: a server may send a byte at a time for ever, so the caller stops waiting in time."""

    def __init__(self, url: str, most: int) -> None:
        super().__init__(daemon=True)
        self.url, self.most = url, most
        self.content, self.fault, self.given_up = bytearray(), "", threading.Event()

    def run(self) -> None:
        """Read the bytes; if that fails, keep the reason in `fault`."""
        import requests

        timeout = (CONNECT_SECONDS, READ_SECONDS)
        try:
            with requests.get(self.url, stream=True, timeout=timeout, headers={"Accept-Encoding": "identity"}) as reply:
                reply.raise_for_status()
                self._take(reply)
        except Exception as error:  # whatever a server provokes is a failed download
            self.fault = folded(error, 200)

    def _take(self, reply: Response) -> None:
        packed = reply.headers.get("Content-Encoding", "identity")
        promised = reply.headers.get("Content-Length", "")
        if packed.lower() != "identity":
            raise OSError(f"the server sends it packed by {packed}")
        while chunk := reply.raw.read(min(CHUNK, self.most + 1 - len(self.content))):
            self.content += chunk
            if self.given_up.is_set():
                return
            if len(self.content) > self.most:
                raise OSError(f"more than {self.most} bytes came")
        if promised.isdigit() and len(self.content) < int(promised):
            raise OSError(f"the connection ended after {len(self.content)} of {promised} bytes")


def _can_connect(url: str) -> bool:
    """Return whether the server's name is resolved in time, and it or its proxy takes a connection in time."""
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
