"""A folder of files becomes ``Profile`` records; what cannot be one is listed with its reason."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from tipsearch.corpus import formats
from tipsearch.errors import ProfileError
from tipsearch.types import Fields, Profile, SkippedFile

_TITLE_CHARS = 120
_PARTICLES = frozenset("al bin bint da de del der di dos el la le mint van von".split())
_NO_NAME = frozenset(
    "a after although an as at before born by during for from he her his in it its on she since "
    "the their they this through when while with".split()
)


@dataclass(frozen=True, slots=True)
class Corpus:
    """The usable profiles of a folder, by file name, and what was left out or doubtful."""

    profiles: tuple[Profile, ...]
    skipped: tuple[SkippedFile, ...]
    warnings: tuple[SkippedFile, ...]


def fold(text: str) -> str:
    r"""Reduce text to what matching compares: no case, no accents, no invisible characters.

    Examples
    --------
    >>> fold("Médecins\u200b Sans FRONTIÈRES")
    'medecins sans frontieres'
    """
    if text.isascii():  # most is, and the rest takes ten times as long
        return text.casefold().strip()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if unicodedata.category(c) not in {"Mn", "Cf"}).strip()


def fingerprint(profile: Profile) -> str:
    """Return the sha256 of everything a profile says: it changes when anything in it does."""
    said = json.dumps(asdict(profile), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(said.encode("utf-8")).hexdigest()


def read_profile(data: bytes, file: str) -> tuple[Profile, str]:
    """Make a profile of a file's bytes.

    Parameters
    ----------
    data : bytes
        The whole file.
    file : str
        Its path relative to the corpus folder, with forward slashes.

    Returns
    -------
    profile : Profile
        Who it is about comes from the file's own words, else from its first sentence, else
        from the file name.
    encoding : str
        The codec the file was read with.

    Raises
    ------
    ProfileError
        If the file is not text, is broken, or holds no sentence.
    """
    name, suffix = PurePosixPath(file).stem, PurePosixPath(file).suffix.lower()
    page, encoding = formats.parse(data, suffix)
    if not page.paragraphs:
        raise ProfileError("no text besides labels" if data.strip() else "empty")
    text = "\n\n".join(page.paragraphs)
    title = page.title or _title(page.paragraphs[0], name)
    names = dict.fromkeys([*_split_names(title), *page.names])
    return Profile(
        id=_profile_id(file, name),
        title=title[:_TITLE_CHARS],
        names=tuple(names),
        text=text,
        fields=Fields(**{key: tuple(values) for key, values in page.fields.items()}),
        sources=tuple(page.sources),
        file=file,
        sha256=hashlib.sha256(text.encode("utf-8")).hexdigest(),
    ), encoding


def _profile_id(file: str, stem: str) -> str:
    """Join a readable slug and a hash of the path: two files never share an id."""
    path = unicodedata.normalize("NFC", file)
    digest = hashlib.sha256(path.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    slug = re.sub(r"[^a-z0-9]+", "-", fold(stem)).strip("-")[:48].strip("-")
    return f"{slug}-{digest}" if slug else digest


def _title(paragraph: str, stem: str) -> str:
    """Work out who a page is about from its first sentence and its file name.

    The names that open the first sentence win unless the file is named after somebody else.
    """
    opening = _opening_names(paragraph)
    words = [word for word in re.split(r"[\W\d_]+", stem) if word]
    if not opening or not set(fold(opening).split()) & {fold(word) for word in words}:
        if len(words) > 1:
            in_text = re.search(r"[\s.]+".join(map(re.escape, words)), paragraph, re.IGNORECASE)
            if in_text:
                return in_text[0]
        if not opening:
            return " ".join(word.capitalize() for word in words) or stem
    return opening


def _opening_names(paragraph: str) -> str:
    """Return the names a paragraph opens with: "A B and C D met ..." gives "A B and C D"."""
    words = paragraph.split(" ")
    kept = 0  # words up to the end of the last whole name
    start = 0  # first word of the name being read
    for position, word in enumerate(words):
        bare = word.strip(",")
        if bare[:1].isupper() and (position > start or bare.lower() not in _NO_NAME):
            if position > start:
                kept = position + 1
            if word.endswith(","):
                start = position + 1
        elif bare in {"and", "&"} and kept == position:
            start = position + 1
        elif not (bare in _PARTICLES and position > start):
            break
    name = re.sub(r"(?:'s|’s)$", "", " ".join(words[:kept]).rstrip(",."))
    return name if name.count(" ") < 12 else ""


def _split_names(title: str) -> list[str]:
    return [name.strip() for name in re.split(r",|\band\b|&", title) if name.strip()]


def load(folder: Path, file_bytes: int) -> Corpus:
    """Read every profile under a folder.

    Parameters
    ----------
    folder : Path
        Searched with its subfolders; symbolic links are not followed, hidden files ignored.
    file_bytes : int
        A larger file is skipped.

    Returns
    -------
    Corpus
        Profiles sorted by file name. Of files with the same text the first is kept.

    Raises
    ------
    ProfileError
        If the folder is missing or holds no usable profile.
    """
    if not folder.is_dir():
        raise ProfileError(f"no corpus folder at {folder}", "name it with --corpus")
    found = ((file, partial(_read, path, file_bytes)) for path, file in _files(folder))
    return gather(found, str(folder))


def gather(files: Iterable[tuple[str, Callable[[], bytes]]], where: str) -> Corpus:
    """Make a corpus of files, each a name and what reads its bytes; see `load`.

    Raises
    ------
    ProfileError
        If there is no usable profile.
    """
    profiles: dict[str, Profile] = {}
    ids: dict[str, str] = {}
    skipped: list[SkippedFile] = []
    warnings: list[SkippedFile] = []
    for file, read in files:
        try:
            profile, encoding = read_profile(read(), file)
        except ProfileError as error:
            skipped.append(SkippedFile(file, error.message))
            continue
        if twin := profiles.get(profile.sha256):
            skipped.append(SkippedFile(file, f"same text as {twin.file}"))
            continue
        if namesake := ids.get(profile.id):
            skipped.append(SkippedFile(file, f"same name as {namesake}, written otherwise"))
            continue
        if not encoding.startswith("utf"):
            warnings.append(SkippedFile(file, f"read as {encoding}; save it as UTF-8 to be sure"))
        profiles[profile.sha256] = profile
        ids[profile.id] = file
    if not profiles:
        why = "".join(
            f": {len(skipped)} skipped, first {first.file} ({first.reason})"
            for first in skipped[:1]
        )
        raise ProfileError(
            f"no usable profile in {where}{why}",
            f"add profiles as {' or '.join(formats.SUFFIXES)} files",
        )
    return Corpus(tuple(profiles.values()), tuple(skipped), tuple(warnings))


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield each visible file below a folder and its relative name, sorted by that name.

    Bytes of a name that are not UTF-8 become backslash escapes in the relative name only.

    Raises
    ------
    ProfileError
        If a folder cannot be read: its profiles would be taken for removed.
    """

    def unreadable(error: OSError) -> None:
        raise ProfileError(f"cannot read {error.filename}: {error.strerror}") from error

    found = []
    for parent, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith("."):
                path = Path(parent, name)
                shown = path.relative_to(folder).as_posix().encode("utf-8", "backslashreplace")
                found.append((path, shown.decode("utf-8")))
    return iter(sorted(found, key=lambda pair: pair[1]))


def _read(path: Path, file_bytes: int) -> bytes:
    """Read a regular file once; what grows or changes meanwhile is read as it was then."""
    if path.suffix.lower() not in formats.SUFFIXES:
        raise ProfileError(f"not a profile file ({', '.join(formats.SUFFIXES)})")
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise ProfileError("not a regular file")
        with path.open("rb") as file:
            data = file.read(file_bytes + 1)
    except OSError as error:
        raise ProfileError(f"cannot be read: {error.strerror}") from error
    if len(data) > file_bytes:
        raise ProfileError(f"larger than {file_bytes:,} bytes")
    return data
