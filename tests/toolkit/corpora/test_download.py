"""A server cannot hold a download for ever, fill the memory, or have anything unpacked."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from bench.toolkit.corpora import download
from bench.toolkit.corpora.download import Unreachable

CONTENT = b"one line\nanother line\n"
Serve = Callable[[Callable[[BaseHTTPRequestHandler], None]], str]


@pytest.fixture
def ended() -> Iterator[threading.Event]:
    """Return an event, set when the test has ended; a hostile server goes on until then."""
    event = threading.Event()
    yield event
    event.set()


def send(request: BaseHTTPRequestHandler, content: bytes, **headers: object) -> None:
    request.send_response(200)
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), str(value))
    request.end_headers()
    request.wfile.write(content)


def test_what_the_server_sends_comes_whole(serve: Serve) -> None:
    url = serve(lambda request: send(request, CONTENT, Content_Length=len(CONTENT)))
    assert download.download(url) == download.download(url, len(CONTENT)) == CONTENT


def test_a_body_in_chunks_comes_whole(serve: Serve) -> None:
    chunks = b"9\r\none line\n\r\nd\r\nanother line\n\r\n0\r\n\r\n"
    assert download.download(serve(lambda request: send(request, chunks, Transfer_Encoding="chunked"))) == CONTENT


@pytest.mark.parametrize("start", [b"", b"HTTP/1.0 200 OK\r\n", b"HTTP/1.0 200 OK\r\n\r\n"])
def test_a_drip_is_given_up(
    serve: Serve, ended: threading.Event, start: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One byte at a time, in the status line, the headers or the body: no single read waits long."""

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(start)
        while not ended.wait(0.02):
            try:
                request.wfile.write(b"a")
            except OSError:
                return

    url = serve(drip)
    monkeypatch.setattr(download, "WHOLE_SECONDS", 0.5)
    with pytest.raises(Unreachable, match=r"not all of it came within 0.5 seconds"):
        download.download(url)


@pytest.mark.parametrize("size", [22, None])
def test_an_endless_body_is_cut_off(serve: Serve, size: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MOST_BYTES", 2**18)

    def flood(request: BaseHTTPRequestHandler) -> None:
        try:
            while True:
                request.wfile.write(bytes(2**16))
        except OSError:
            return

    url = serve(lambda request: (send(request, b""), flood(request))[0])
    with pytest.raises(Unreachable, match=f"more than {size or 2**18} bytes came"):
        download.download(url, size)


def test_nothing_is_unpacked(serve: Serve) -> None:
    bomb = gzip.compress(bytes(2**24))
    url = serve(lambda request: send(request, bomb, Content_Encoding="gzip", Content_Length=len(bomb)))
    with pytest.raises(Unreachable, match="packed by gzip"):
        download.download(url, 2**25)


def test_a_body_that_ends_early_is_refused(serve: Serve) -> None:
    with pytest.raises(Unreachable, match="cannot be downloaded"):
        download.download(serve(lambda request: send(request, CONTENT[:9], Content_Length=len(CONTENT))))


@pytest.mark.parametrize("junk", [b"", b"\x00\xff" * 100, b"HTTP/9.9 what\r\n\r\n", b"a: b\r\n" * 200])
def test_what_is_no_answer_is_one_line(serve: Serve, junk: bytes) -> None:
    with pytest.raises(Unreachable, match="cannot be downloaded") as error:
        download.download(serve(lambda request: request.wfile.write(junk) and None))
    assert "\n" not in str(error.value)
