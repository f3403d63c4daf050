"""An index folder: immutable generations, a hashed manifest, one pointer, one writer.

    index/
      LOCK                  one writer at a time
      CURRENT               "gen-000012", replaced atomically, last
      gen-000012/           never changes once published
        MANIFEST.json       format, versions, model, counts, sha256 and size of each file

A build writes ``gen-N.tmp-PID/``, syncs every file, writes the manifest last, syncs the folder,
renames it, syncs the parent, then replaces ``CURRENT`` and syncs again. Whatever dies on the
way, readers find the old generation or the new one, whole. Readers take no lock.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from tipsearch import errors

FORMAT = 3
"""The layout of a generation; a newer one is refused, an older one rebuilt."""

_KEPT = 2  # generations: the current one, and one to fall back on
_NAME = re.compile(r"gen-(\d{6,})")
_UNFINISHED = re.compile(r"gen-(\d{6,})\.tmp-\d+")


@dataclass(frozen=True, slots=True)
class Generation:
    """A published generation whose every file was checked against its manifest.

    ``fell_back`` says, in one line, why a newer generation was passed over; it is empty if
    none was.
    """

    name: str
    folder: Path
    manifest: Mapping[str, Any]
    fell_back: str = ""


@contextmanager
def write_lock(root: Path) -> Iterator[None]:
    """Hold the only right to write below an index folder, which is made if missing.

    Raises
    ------
    IndexBusyError
        If another process holds it, or the folder cannot be written.
    """
    holder = root / "LOCK.pid"
    lock = FileLock(root / "LOCK", timeout=0)
    with _cannot_write(root):
        root.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire()
        except Timeout as error:
            pid = holder.read_text("ascii").strip() if holder.is_file() else "unknown"
            raise errors.IndexBusyError(
                f"{root} is being written by another process (pid {pid})", "wait for it to end"
            ) from error
    try:
        with _cannot_write(root):
            holder.write_text(f"{os.getpid()}\n", "ascii")
            for folder in root.iterdir():
                if _UNFINISHED.fullmatch(folder.name):
                    shutil.rmtree(folder, ignore_errors=True)
        yield
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


@contextmanager
def _cannot_write(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise errors.IndexBusyError(
            f"cannot write {root}: {error.strerror or error}",
            "what was there still answers; free disk space or fix permissions",
        ) from error


def publish(root: Path, fill: Callable[[Path], None], about: Mapping[str, object]) -> Generation:
    """Write a new generation and make it the current one; the caller holds ``write_lock``.

    Parameters
    ----------
    root : Path
        The index folder.
    fill : callable
        Writes the generation's files into the folder it is given.
    about : mapping
        What the manifest says besides format and files.

    Returns
    -------
    Generation
        The one just published.

    Raises
    ------
    IndexBusyError
        If anything cannot be written; the index is as it was.
    """
    number = 1 + max((_number(path.name) for path in root.iterdir()), default=0)
    name = f"gen-{number:06d}"
    work = root / f"{name}.tmp-{os.getpid()}"
    with _cannot_write(root):
        try:
            work.mkdir()
            fill(work)
            manifest = _manifest(work, about)
            _sync_tree(work)
            work.rename(root / name)
            _sync(root)
            set_current(root, name)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    _collect_garbage(root, name)
    return Generation(name, root / name, manifest)


def _number(name: str) -> int:
    found = _NAME.match(name)
    return int(found[1]) if found else 0


def set_current(root: Path, name: str) -> None:
    """Point ``CURRENT`` at a generation, atomically and durably."""
    pointer = root / "CURRENT.tmp"
    pointer.write_text(f"{name}\n", "ascii")
    _sync(pointer)
    pointer.replace(root / "CURRENT")
    _sync(root)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_tree(folder: Path) -> None:
    """Sync every file below a folder, then the folders, innermost first."""
    for parent, _, files in os.walk(folder, topdown=False):
        for file in files:
            _sync(Path(parent, file))
        _sync(Path(parent))


def _files(folder: Path) -> dict[str, dict[str, object]]:
    """Return size and sha256 of every file below a folder that a generation is made of."""
    found: dict[str, dict[str, object]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "MANIFEST.json" and path.suffix != ".lock":
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            name = path.relative_to(folder).as_posix()
            found[name] = {"size_bytes": path.stat().st_size, "sha256": digest}
    return found


def _checksum(manifest: Mapping[str, object]) -> str:
    said = {key: value for key, value in manifest.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode("utf-8")).hexdigest()


def _manifest(folder: Path, about: Mapping[str, object]) -> dict[str, object]:
    manifest: dict[str, object] = {"format": FORMAT, **about, "files": _files(folder)}
    manifest["checksum"] = _checksum(manifest)
    (folder / "MANIFEST.json").write_text(json.dumps(manifest, indent=1), "utf-8")
    return manifest


def _collect_garbage(root: Path, current: str) -> None:
    """Remove all but the newest generations; readers that hold one open keep its files."""
    older = sorted(
        (_number(path.name), path) for path in root.iterdir() if _NAME.fullmatch(path.name)
    )
    for number, folder in older[:-_KEPT]:
        if number < _number(current):
            shutil.rmtree(folder, ignore_errors=True)


def current_name(root: Path) -> str:
    """Return what ``CURRENT`` points at, or "" if it is missing or says nothing usable."""
    try:
        name = (root / "CURRENT").read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return name if _NAME.fullmatch(name) else ""


def newest_whole(root: Path) -> Generation:
    """Return the current generation, or the newest older one if its files do not verify.

    Raises
    ------
    IndexFormatError
        If there is no index, none is whole, or it was made by a newer tipsearch.
    """
    while True:  # again only if a writer removed the generation between the look and the read
        current = current_name(root)
        try:
            found = _newest_whole(root, current)
        except errors.IndexFormatError:
            if current_name(root) == current:
                raise
        else:
            if not found.fell_back or current_name(root) == current:
                return found


def _newest_whole(root: Path, current: str) -> Generation:
    names = [path.name for path in root.iterdir()] if root.is_dir() else []
    generations = sorted((n for n in names if _NAME.fullmatch(n)), key=_number, reverse=True)
    reasons = [] if current else [f"{root / 'CURRENT'} is missing or damaged"]
    if current:
        generations = [current, *(n for n in generations if _number(n) < _number(current))]
    if not generations:
        raise errors.IndexFormatError(f"no index at {root}", "run 'tipsearch build'")
    for name in generations:
        try:
            manifest = verify(root / name)
        except NewerFormatError:
            raise
        except errors.IndexFormatError as error:
            reasons.append(error.message)
        else:
            return Generation(name, root / name, manifest, "; ".join(reasons))
    raise errors.IndexFormatError(
        f"the index at {root} is damaged: {reasons[0]}", "run 'tipsearch build'"
    )


def is_usable(root: Path) -> bool:
    """Whether an index folder holds a whole generation of this format.

    Raises
    ------
    NewerFormatError
        If a newer tipsearch made it: that is never built over unasked.
    """
    try:
        newest_whole(root)
    except NewerFormatError:
        raise
    except errors.IndexFormatError:
        return False
    return True


class NewerFormatError(errors.IndexFormatError):
    """The index was made by a newer tipsearch."""


def verify(folder: Path) -> dict[str, Any]:
    """Check every file of a generation against its manifest.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    IndexFormatError
        If a file is missing, of another size or content, or the format is not this one.
    NewerFormatError
        If a newer tipsearch made it.
    """
    path = folder / "MANIFEST.json"
    try:
        manifest = json.loads(path.read_text("utf-8"))
        sound = manifest["checksum"] == _checksum(manifest)
        made_by, made_format = str(manifest["tipsearch"]), int(manifest["format"])
    except (OSError, ValueError, LookupError, TypeError, ArithmeticError, RecursionError) as error:
        raise errors.IndexFormatError(f"{path} is missing or damaged") from error
    if sound and made_format > FORMAT:
        raise NewerFormatError(
            f"{folder} was made by tipsearch {made_by}, which is newer",
            "upgrade tipsearch, or run 'tipsearch build'",
        )
    if not sound or made_format != FORMAT:
        raise errors.IndexFormatError(f"{path} is damaged or of an older format")
    try:
        found = _files(folder)
    except OSError as error:
        raise errors.IndexFormatError(f"{folder} cannot be read: {error.strerror}") from error
    for name in sorted({*manifest["files"], *found}):
        if manifest["files"].get(name) != found.get(name):
            raise errors.IndexFormatError(f"{folder / name} is missing, changed or unexpected")
    return dict(manifest)
