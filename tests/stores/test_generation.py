"""Whatever dies, fills up or rots, an index answers as before or as after, or says it cannot."""

from __future__ import annotations

import builtins
import errno
import io
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LetterEncoder, write_corpus
from tests.stores.writer import SETTINGS, files_of, hold_lock, search_without_rights, update_forever
from tipsearch.errors import IndexBusyError, IndexFormatError, TipsearchError
from tipsearch.index import Index
from tipsearch.stores import generation
from tipsearch.types import Hit

QUERY = "Who founded it in version"


def open_index(root: Path) -> Index:
    return Index.open(root, settings=SETTINGS, encoder=LetterEncoder())


def hits(index: Index) -> list[Hit]:
    return index.search(QUERY, 50)


def build(folder: Path, version: int) -> Index:
    corpus = write_corpus(folder / "corpus", files_of(version))
    return Index.build(corpus, folder / "index", settings=SETTINGS, encoder=LetterEncoder())


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, dict[str, list[Hit]]]:
    """An index of two generations, and what each of them answers."""
    answers = {
        index.snapshot.name: hits(index) for index in (build(tmp_path, 1), build(tmp_path, 2))
    }
    assert len(answers) == 2
    return tmp_path / "index", answers


# Publishing


def test_what_is_published(tmp_path: Path) -> None:
    root = tmp_path / "index"
    build(tmp_path, 1)
    assert (root / "CURRENT").read_text() == "gen-000001\n"
    manifest = generation.verify(root / "gen-000001")
    assert manifest["format"] == generation.FORMAT
    assert manifest["counts"]["profiles"] == 3
    assert manifest["encoder"]["model"] == "letters"
    assert {"profiles.sqlite", "vectors.npy"} < manifest["files"].keys()


def test_the_newest_two_are_kept_and_numbers_are_never_used_again(tmp_path: Path) -> None:
    root = tmp_path / "index"
    build(tmp_path, 1)
    build(tmp_path, 2)
    shutil.copytree(root / "gen-000002", root / "gen-000007")  # complete, never made current
    (root / "gen-000008.tmp-1").mkdir()
    (root / "other").mkdir()
    assert build(tmp_path, 3).snapshot.name == "gen-000008"
    assert build(tmp_path, 4).snapshot.name == "gen-000009"
    names = sorted(path.name for path in root.iterdir())
    assert names == ["CURRENT", "LOCK", "gen-000008", "gen-000009", "other"]


def test_a_snapshot_outlives_its_files(tmp_path: Path) -> None:
    old = build(tmp_path, 1)
    before = hits(old)
    for version in (2, 3, 4):
        build(tmp_path, version)
    assert not (tmp_path / "index" / "gen-000001").exists()
    assert hits(old) == before
    assert old.profiles()[0].text.count("version 1")


def test_opening_and_searching_writes_nothing(tmp_path: Path) -> None:
    build(tmp_path, 1)
    before = listing(tmp_path / "index")
    index = open_index(tmp_path / "index")
    assert hits(index)
    index.refresh()
    assert listing(tmp_path / "index") == before


def listing(root: Path) -> dict[str, tuple[int, int, int]]:
    paths = [root, *root.rglob("*")]
    return {str(p): (p.stat().st_mtime_ns, p.stat().st_size, p.stat().st_ino) for p in paths}


# Other processes


class Child:
    """A process forked from a server that has everything imported."""

    def __init__(self, work: Callable[..., None], *arguments: object) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.stores.writer"])
        self.process = context.Process(target=work, args=arguments, daemon=True)
        self.process.start()

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        assert self.process.exitcode == -signal.SIGKILL


def test_a_second_writer_is_told_who_writes(tmp_path: Path) -> None:
    index = build(tmp_path, 1)
    told, tell = multiprocessing.Pipe(duplex=False)
    child = Child(hold_lock, tmp_path / "index", tell)
    assert told.poll(30)
    pid = told.recv()
    try:
        for write in (lambda: build(tmp_path, 2), lambda: index.update(tmp_path / "corpus")):
            with pytest.raises(IndexBusyError, match=rf"\(pid {pid}\)") as caught:
                write()
            assert caught.value.exit_code == 5
        assert hits(open_index(tmp_path / "index")) == hits(index)
    finally:
        child.kill()
    assert build(tmp_path, 2).snapshot.name == "gen-000002"


def test_a_second_writer_of_the_same_process(tmp_path: Path) -> None:
    with (
        generation.write_lock(tmp_path),
        pytest.raises(IndexBusyError, match=f"pid {os.getpid()}"),
        generation.write_lock(tmp_path),
    ):
        pass
    with generation.write_lock(tmp_path):
        assert (tmp_path / "LOCK.pid").read_text() == f"{os.getpid()}\n"
    assert not (tmp_path / "LOCK.pid").exists()


def test_kill_at_any_moment(tmp_path: Path) -> None:
    chance = random.Random(20)  # noqa: S311 - repeatable, not secret
    index = Index.build(
        write_corpus(tmp_path / "corpus-0", files_of(0)),
        tmp_path / "index",
        settings=SETTINGS,
        encoder=LetterEncoder(),
    )
    told = tmp_path / "told"
    told.touch()
    last = 0
    for _ in range(25):
        child = Child(update_forever, tmp_path, last, told)
        child.process.join(0.05 + chance.random() * 0.4)
        child.kill()
        published = max((int(line) for line in told.read_text().split()), default=0)
        index = open_index(tmp_path / "index")
        assert index.snapshot.notice == ""
        said = {
            int(profile.text.split("version ")[1].split(".")[0]) for profile in index.profiles()
        }
        assert len(said) == 1
        (version,) = said
        assert max(last, published) <= version <= max(last, published) + 1
        expected = files_of(version)
        assert {p.file: p.text for p in index.profiles()} == {
            file: text.strip() for file, text in expected.items()
        }
        assert {hit.passage.profile_id for hit in hits(index)} == {p.id for p in index.profiles()}
        last = version
    assert last > 10
    index.update(write_corpus(tmp_path / "corpus", files_of(last + 1)))
    assert not [path for path in (tmp_path / "index").iterdir() if ".tmp" in path.name]


def test_a_folder_that_may_only_be_read() -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        build(folder, 1)
        before = listing(folder / "index")
        for path in [folder / "index", *(folder / "index").rglob("*")]:
            path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o555 | 0o444)
        told, tell = multiprocessing.Pipe(duplex=False)
        child = Child(search_without_rights, folder / "index", tell)
        assert told.poll(30)
        writable, titles, refusal = told.recv()
        child.process.join()
        assert writable == []
        assert titles[0] == "Ann Roe"
        assert refusal == "IndexBusyError"
        assert listing(folder / "index") == before
    finally:
        for path in [folder / "index", *(folder / "index").rglob("*")]:
            path.chmod(0o755)
        shutil.rmtree(folder)


# A disk that fails


class Fault:
    """Makes the k-th call that writes below a folder fail with "no space left"."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
        self.calls, self.fails_at, self.root, self.failed = 0, 0, str(root), ""
        self._wrap(monkeypatch, os, "fsync", lambda *_: True)
        for name in ("rename", "replace", "mkdir", "write_text", "unlink"):
            self._wrap(monkeypatch, Path, name, lambda path, *_: self._below(path))
        for module in (io, builtins):
            self._wrap(monkeypatch, module, "open", self._for_writing)

    def _below(self, path: object) -> bool:
        return str(path).startswith(self.root)

    def _for_writing(self, path: object, mode: str = "r", *_: object) -> bool:
        return self._below(path) and not set("wxa+").isdisjoint(mode)

    def _wrap(
        self, monkeypatch: pytest.MonkeyPatch, where: object, name: str, counts: Callable[..., bool]
    ) -> None:
        real = getattr(where, name)

        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - stands for several functions
            if counts(*args, *kwargs.values()):
                self.calls += 1
                if self.calls == self.fails_at:
                    self.failed = name
                    raise OSError(errno.ENOSPC, "No space left on device")
            return real(*args, **kwargs)

        monkeypatch.setattr(where, name, call)

    def at(self, call: int) -> None:
        self.calls, self.fails_at = 0, call


@pytest.fixture
def fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fault:
    return Fault(monkeypatch, tmp_path / "index")


@pytest.mark.parametrize("fresh", [False, True])
def test_every_call_that_fails_leaves_the_old_index(
    tmp_path: Path, fault: Fault, *, fresh: bool
) -> None:
    build(tmp_path, 1)
    index = open_index(tmp_path / "index")
    old = hits(index)
    corpus = write_corpus(tmp_path / "corpus", files_of(2))

    def write() -> None:
        if fresh:
            Index.build(corpus, tmp_path / "index", settings=SETTINGS, encoder=LetterEncoder())
        else:
            index.update(corpus)

    failed: list[str] = []
    while hits(open_index(tmp_path / "index")) == old:
        fault.at(len(failed) + 1)
        error = refused(write)
        failed.append(fault.failed)
        fault.at(0)
        assert error is not None
        assert error.exit_code == 5
        assert "No space left" in error.message
        assert not list((tmp_path / "index").glob("gen-*.tmp-*"))
    assert set(failed) == {"open", "mkdir", "write_text", "fsync", "rename", "replace"}
    assert failed[-2:] == ["replace", "fsync"]  # the pointer was swapped, its last sync failed
    assert refused(write) is None
    new = hits(open_index(tmp_path / "index"))
    assert {hit.passage.text for hit in new}.isdisjoint({hit.passage.text for hit in old})


def refused(write: Callable[[], None]) -> IndexBusyError | None:
    try:
        write()
    except IndexBusyError as error:
        return error
    return None


def test_a_holder_whose_name_stays_holds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with generation.write_lock(tmp_path):
        monkeypatch.setattr(Path, "unlink", refuse)
    with generation.write_lock(tmp_path):
        assert (tmp_path / "LOCK.pid").exists()


@pytest.mark.parametrize("limit_bytes", [0, 5, 1_000, 6_000, 12_000, 20_000])
def test_files_that_cannot_grow_leave_the_old_index(tmp_path: Path, limit_bytes: int) -> None:
    """SQLite and tantivy write past Python's files, so the limit is the system's."""
    index = build(tmp_path, 1)
    old = hits(index)
    corpus = write_corpus(tmp_path / "corpus", files_of(2))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        with pytest.raises(IndexBusyError):
            index.update(corpus)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert hits(index) == hits(open_index(tmp_path / "index")) == old
    assert not list((tmp_path / "index").glob("*.tmp*"))


@pytest.mark.parametrize("fails", [ValueError("commit failed"), OSError(28, "No space left")])
def test_lexical_failures_are_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: Exception
) -> None:
    import tantivy

    old = hits(build(tmp_path, 1))

    def refuse(*_: object) -> None:
        raise fails

    monkeypatch.setattr(tantivy, "Document", refuse)
    with pytest.raises(IndexBusyError, match="what was there still answers"):
        build(tmp_path, 2)
    assert hits(open_index(tmp_path / "index")) == old


def test_an_index_where_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "index").touch()
    with pytest.raises(IndexBusyError, match="cannot write"):
        build(tmp_path, 1)
    with pytest.raises(IndexFormatError, match="no index at"):
        open_index(tmp_path / "index")


# Files that rot


def damages(data: bytes, other: bytes | None, seed: int) -> Iterator[bytes | None]:
    """Yield damaged versions of a file, None for a deleted one."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    yield None
    yield data + b"\0"
    if other is not None and other != data:
        yield other
    for cut in sorted({0, 1, len(data) // 3, len(data) - 1} - {len(data), -1}):
        yield data[:cut]
    for _ in range(8 if data else 0):
        place, bit = chance.randrange(len(data)), 1 << chance.randrange(8)
        yield data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]


def put(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)


def role(path: Path) -> str:
    """What a file is for; tantivy names its files by chance."""
    return path.suffix if path.parent.name == "lexical" and path.suffix else path.name


def parts(folder: Path) -> list[Path]:
    return [p for p in sorted(folder.rglob("*")) if p.is_file() and p.suffix != ".lock"]


def test_every_damaged_file_falls_back_aloud(two: tuple[Path, dict[str, list[Hit]]]) -> None:
    root, answers = two
    twins = {role(path): path.read_bytes() for path in parts(root / "gen-000001")}
    checked = 0
    for seed, path in enumerate(parts(root / "gen-000002")):
        whole = path.read_bytes()
        for damaged in damages(whole, twins.get(role(path)), seed):
            put(path, damaged)
            index = open_index(root)
            assert index.snapshot.name == "gen-000001", path.name
            assert "gen-000002" in index.snapshot.notice
            assert hits(index) == answers["gen-000001"]
            checked += 1
        path.write_bytes(whole)
    assert checked > 80
    assert hits(open_index(root)) == answers["gen-000002"]
    assert open_index(root).snapshot.notice == ""


def test_every_damaged_file_of_an_only_generation_is_named(tmp_path: Path) -> None:
    root = tmp_path / "index"
    build(tmp_path, 1)
    for seed, path in enumerate(parts(root / "gen-000001")):
        whole = path.read_bytes()
        for damaged in damages(whole, None, seed):
            put(path, damaged)
            with pytest.raises(IndexFormatError, match="run 'tipsearch build'") as caught:
                open_index(root)
            assert str(root / "gen-000001") in caught.value.message
            assert caught.value.exit_code == 4
        path.write_bytes(whole)


def test_stray_lock_files_change_nothing(two: tuple[Path, dict[str, list[Hit]]]) -> None:
    root, answers = two
    for path in (root / "gen-000002" / "lexical").glob("*.lock"):
        path.write_bytes(b"stray")
    (root / "gen-000002" / "lexical" / ".tantivy-writer.lock").unlink()
    assert hits(open_index(root)) == answers["gen-000002"]


def test_a_file_too_many_is_damage(two: tuple[Path, dict[str, list[Hit]]]) -> None:
    root, _ = two
    (root / "gen-000002" / "vectors.npy.bak").touch()
    assert "unexpected" in open_index(root).snapshot.notice


@pytest.mark.parametrize(
    "pointer", [None, b"", b"\xff\xfe", b"gen-000009\n", b"../gen-000002", b"gen-2"]
)
def test_a_lost_pointer(two: tuple[Path, dict[str, list[Hit]]], pointer: bytes | None) -> None:
    root, answers = two
    put(root / "CURRENT", pointer)
    index = open_index(root)
    assert hits(index) == answers["gen-000002"]
    assert index.snapshot.notice


def test_the_pointer_decides(two: tuple[Path, dict[str, list[Hit]]]) -> None:
    root, answers = two
    generation.set_current(root, "gen-000001")
    assert hits(open_index(root)) == answers["gen-000001"]
    assert open_index(root).snapshot.notice == ""


@pytest.mark.parametrize(
    "said",
    [b"", b"{}", b"[]", b"null", b'{"format": 1', b"[" * 5000, b'{"format": "x", "tipsearch": 1,'
     b' "checksum": ""}', b'{"format": 1e999, "tipsearch": "1", "checksum": ""}', b"\xff"],
)  # fmt: skip
def test_a_manifest_that_says_nothing(tmp_path: Path, said: bytes) -> None:
    build(tmp_path, 1)
    (tmp_path / "index" / "gen-000001" / "MANIFEST.json").write_bytes(said)
    with pytest.raises(IndexFormatError, match=r"MANIFEST\.json is missing or damaged"):
        open_index(tmp_path / "index")


def rewrite(folder: Path, **said: object) -> None:
    """Give a generation a sound manifest that says something else."""
    manifest = json.loads((folder / "MANIFEST.json").read_text()) | said
    manifest["checksum"] = generation._checksum(manifest)
    (folder / "MANIFEST.json").write_text(json.dumps(manifest))


def test_a_newer_format_is_refused_not_passed_over(two: tuple[Path, dict[str, list[Hit]]]) -> None:
    root, _ = two
    rewrite(root / "gen-000002", format=generation.FORMAT + 1, tipsearch="9.9")
    with pytest.raises(IndexFormatError, match=r"made by tipsearch 9\.9.*upgrade") as caught:
        open_index(root)
    assert caught.value.exit_code == 4


def test_an_older_format_is_not_read(tmp_path: Path) -> None:
    build(tmp_path, 1)
    rewrite(tmp_path / "index" / "gen-000001", format=0)
    with pytest.raises(IndexFormatError, match="older format"):
        open_index(tmp_path / "index")


def test_parts_that_do_not_fit(tmp_path: Path) -> None:
    import numpy as np

    root = tmp_path / "index"
    build(tmp_path, 1)
    folder = root / "gen-000001"
    np.save(folder / "vectors.npy", np.array([[1, 0, 0]], dtype=np.float32))
    rewrite(folder, files=generation._files(folder))
    with pytest.raises(IndexFormatError, match="passages and 1 vectors"):
        open_index(root)


def test_pickled_vectors_never_run(tmp_path: Path) -> None:
    import numpy as np

    root = tmp_path / "index"
    build(tmp_path, 1)
    folder = root / "gen-000001"
    np.save(folder / "vectors.npy", np.array([{"code": 1}], dtype=object), allow_pickle=True)
    rewrite(folder, files=generation._files(folder))
    with pytest.raises(TipsearchError, match="cannot be read"):
        open_index(root)
