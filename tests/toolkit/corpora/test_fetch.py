"""Corpora are found, downloaded or replaced by a sample; nothing wrong or half is ever kept."""

from __future__ import annotations

import hashlib
import logging
import pickle
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import requests

from bench.contracts.errors import BenchError
from bench.toolkit.corpora import download, stand_ins
from bench.toolkit.corpora.fetch import Corpora, _kept_sample, cache
from bench.toolkit.corpora.manifest import Entry, File

CONTENT = b"one line\nanother line\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
GIT_SHA1 = hashlib.sha1(b"blob 22\0" + CONTENT).hexdigest()


def entry(url: str = "", digest: str = SHA256, algorithm: str = "sha256") -> Entry:
    return Entry("lines", "lines", {}, "none", "none", (File("lines/lines.txt", url, algorithm, digest),))  # type: ignore[arg-type]


def answer_with(content: bytes, status: int = 200, promised: int | None = None) -> Callable[..., None]:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(content) if promised is None else promised))
        request.end_headers()
        request.wfile.write(content)

    return answer


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Yield a port at which nobody listens and that nobody else can take."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


def no_sample() -> list[bytes]:
    raise AssertionError("a sample was made")


def put(root: Path, content: bytes) -> Path:
    path = root / "lines" / "lines.txt"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("algorithm", "digest"), [("sha256", SHA256), ("git_sha1", GIT_SHA1)])
def test_a_cached_file_is_taken_when_its_checksum_fits(tmp_path: Path, algorithm: str, digest: str) -> None:
    put(tmp_path, CONTENT)
    corpus = Corpora(tmp_path).open(entry(digest=digest, algorithm=algorithm), no_sample)
    assert corpus.contents == (CONTENT,)
    assert (corpus.source.kind, corpus.source.file, corpus.source.sha256) == ("published", "lines/lines.txt", SHA256)


@pytest.mark.parametrize("policy", ["auto", "published"])
def test_a_damaged_file_names_both_sums_and_is_never_replaced_by_a_sample(tmp_path: Path, policy: str) -> None:
    path = put(tmp_path, b"damaged")
    with pytest.raises(BenchError) as error:
        Corpora(tmp_path, policy).open(entry(), no_sample)  # type: ignore[arg-type]
    message = str(error.value)
    assert str(path) in message and SHA256 in message and hashlib.sha256(b"damaged").hexdigest() in message
    assert "\n" not in message and path.read_bytes() == b"damaged"


def test_a_download_is_verified_kept_and_not_repeated(tmp_path: Path, serve: Callable[..., str]) -> None:
    asked = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        answer_with(CONTENT)(request)

    found = entry(serve(answer))
    first, second = (Corpora(tmp_path).open(found, no_sample) for _ in range(2))
    assert first == second and first.source.kind == "published"
    assert (tmp_path / "lines" / "lines.txt").read_bytes() == CONTENT
    assert len(asked) == 1


def test_a_wrong_checksum_names_both_sums_and_keeps_nothing(tmp_path: Path, serve: Callable[..., str]) -> None:
    with pytest.raises(BenchError) as error:
        Corpora(tmp_path).open(entry(serve(answer_with(b"something else"))), no_sample)
    assert SHA256 in str(error.value) and hashlib.sha256(b"something else").hexdigest() in str(error.value)
    assert not list(tmp_path.rglob("*.txt*"))


def test_half_a_download_keeps_nothing(tmp_path: Path, serve: Callable[..., str]) -> None:
    half = entry(serve(answer_with(CONTENT[:9], promised=len(CONTENT))))
    with pytest.raises(BenchError, match=r"cannot be downloaded.*put lines\.txt in place"):
        Corpora(tmp_path, "published").open(half, no_sample)
    assert not list(tmp_path.rglob("*.txt*"))


@pytest.mark.parametrize("status", [404, 500])
def test_a_refusal_falls_back_to_the_sample(tmp_path: Path, serve: Callable[..., str], status: int) -> None:
    refused = entry(serve(answer_with(b"no", status)))
    assert Corpora(tmp_path).open(refused, lambda: [b"made"]).source.kind == "sample"
    with pytest.raises(BenchError, match=str(status)):
        Corpora(tmp_path, "published").open(refused, no_sample)


def test_a_download_that_fails_without_a_word_names_the_error(
    tmp_path: Path, serve: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "get", fail)
    silent = entry(serve(answer_with(CONTENT)))
    with pytest.raises(BenchError, match=r"cannot be downloaded \(ConnectionError\); put lines\.txt in place"):
        Corpora(tmp_path, "published").open(silent, no_sample)
    assert Corpora(tmp_path).open(silent, lambda: [b"made"]).source.kind == "sample"


def test_offline_is_announced_once_and_remembered(
    tmp_path: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried = []
    connect = socket.create_connection
    monkeypatch.setattr(socket, "create_connection", lambda *place: tried.append(place) or connect(*place))
    corpora, offline = Corpora(tmp_path), entry(f"http://127.0.0.1:{closed_port}/x")
    with caplog.at_level(logging.WARNING, "bench"):
        corpora.open(offline, lambda: [b"made"])
        corpora.open(offline, lambda: [b"made"])
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "SAMPLE" in caplog.text and str(tmp_path / "lines" / "lines.txt") in caplog.text
    with pytest.raises(BenchError, match="offline"):
        Corpora(tmp_path, "published").open(offline, no_sample)
    assert len(tried) == 1


def test_a_name_that_never_resolves_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = threading.Event()

    def resolve_for_ever(*place: object) -> None:
        waiting.wait(60)
        raise OSError

    monkeypatch.setattr(socket, "create_connection", resolve_for_ever)
    monkeypatch.setattr(download, "CONNECT_SECONDS", 0.05)
    with pytest.raises(download.Unreachable, match="offline"):
        download.download("https://nowhere.invalid/file")
    waiting.set()


def test_a_worker_neither_looks_nor_announces_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    corpora = Corpora(tmp_path)
    corpora.open(entry(), lambda: [b"made"])
    caplog.clear()
    put(tmp_path, CONTENT)  # the file that appears meanwhile must not change what the plan was made of
    copy = pickle.loads(pickle.dumps(corpora))
    assert copy.open(entry(), lambda: [b"made"]).source.kind == "sample"
    assert not caplog.records and str(copy) == str(corpora)


def test_without_a_url_the_message_says_what_to_put_where(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"no public url.*by hand as .*lines\.txt"):
        Corpora(tmp_path, "published").open(entry(), no_sample)


def test_the_sample_policy_never_looks(tmp_path: Path) -> None:
    put(tmp_path, CONTENT)
    corpus = Corpora(tmp_path, "sample").open(entry(), lambda: [b"made"])
    assert (corpus.source.kind, corpus.contents) == ("sample", (b"made",))
    assert corpus.source.sha256 == hashlib.sha256(b"made").hexdigest()


def test_a_file_of_the_users_own_comes_first(tmp_path: Path) -> None:
    put(tmp_path, CONTENT)
    own = tmp_path / "own.txt"
    own.write_bytes(b"mine\n")
    for policy in ("auto", "published", "sample"):
        source = Corpora.from_environment(policy, [f"lines={own}"]).open(entry(), no_sample).source
        assert (source.kind, source.file) == ("local", "own.txt")
        assert source.sha256 == hashlib.sha256(b"mine\n").hexdigest()


def test_a_missing_file_of_the_users_own_is_one_line(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.txt", tmp_path):
        with pytest.raises(BenchError, match="cannot read"):
            Corpora(tmp_path, files={"lines": path}).open(entry(), no_sample)


def test_the_environment_says_where_the_cache_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user_cache: Path
) -> None:
    assert Corpora.from_environment().root == user_cache
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))
    assert Corpora.from_environment().root == tmp_path


@pytest.mark.parametrize(("policy", "files"), [("never", ()), ("auto", ("obama",)), ("auto", ("=x",))])
def test_what_was_typed_wrong_is_refused(policy: str, files: tuple[str, ...]) -> None:
    with pytest.raises(BenchError, match=r"--data|NAME=FILE"):
        Corpora.from_environment(policy, files)


def test_a_read_only_folder_is_left_alone(tmp_path: Path) -> None:
    tmp_path.joinpath("closed").mkdir(mode=0o555)
    assert not cache(tmp_path / "closed" / "deep" / "file", b"x")
    assert not list(tmp_path.joinpath("closed").iterdir())
    assert cache(tmp_path / "open" / "file", b"x")
    assert [path.name for path in (tmp_path / "open").iterdir()] == ["file"]


def test_a_sample_is_made_once_and_comes_back_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpora = Corpora(tmp_path, "sample")
    made, kept = (_kept_sample(corpora, stand_ins.poems) for _ in range(2))
    assert tuple(made) == tuple(kept) == stand_ins.poems()
    monkeypatch.setattr(stand_ins, "_poem", lambda *_: pytest.fail("made again"))
    assert tuple(_kept_sample(corpora, stand_ins.poems)) == made
    assert len(_kept_sample(corpora, stand_ins.captions)) == 2  # another sample is another entry, of two files


def test_what_depends_on_more_than_its_module_is_made_each_time(tmp_path: Path) -> None:
    words = [b"one"]
    corpora = Corpora(tmp_path, "sample")
    assert _kept_sample(corpora, lambda: words[:]) == [b"one"]
    words[0] = b"two"
    assert _kept_sample(corpora, lambda: words[:]) == [b"two"] and not list(tmp_path.iterdir())


def test_a_column_of_the_users_own_file_stands_for_a_corpus(tmp_path: Path) -> None:
    table = tmp_path / "speeches.jsonl"
    table.write_text('{"text": "one"}\n{"text": null}\n{"text": " "}\n{"text": ["a", "b"]}\n')
    corpus = Corpora(tmp_path, files={"lines": Path(f"{table}#text")}).find(entry())
    assert corpus is not None and corpus.contents == (b"one\na b",)
    assert corpus.source.file == "speeches.jsonl#text" and corpus.source.kind == "local"
    assert corpus.notes == ("1 of 4 rows are null, left out", "1 blank rows left out")
    with pytest.raises(BenchError, match="say which column"):
        _ = Corpora(tmp_path, files={"lines": table}).open(entry(), no_sample).contents
