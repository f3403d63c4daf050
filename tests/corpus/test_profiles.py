"""Files of a folder become profiles; what cannot be one is listed with its reason."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import CORPUS, USER_PAGE, write_corpus
from tipsearch.corpus.profiles import fingerprint, fold, load, read_profile
from tipsearch.errors import ProfileError
from tipsearch.settings import Settings
from tipsearch.types import Fields, Profile

LIMIT = Settings().file_bytes


def read(text: str, file: str = "profile.txt") -> Profile:
    return read_profile(text.encode(), file)[0]


def test_the_users_page() -> None:
    profile, encoding = read_profile((CORPUS / USER_PAGE).read_bytes(), USER_PAGE)
    assert encoding == "utf-8"
    assert profile.title == "Pierre Legros and Somaly Mam"
    assert profile.names == ("Pierre Legros", "Somaly Mam")
    assert profile.fields == Fields(focus=("Sex Trafficking",))
    assert profile.sources == ()
    assert profile.text.startswith("Pierre Legros and Somaly Mam met in the early 1990s")
    assert profile.text.endswith("but has not yet done so.")
    assert len(profile.text.split("\n\n")) == 4
    assert "Médecins Sans Frontières" in profile.text
    for label in ("Loading", "Active in", "Award Year", "Recognition:", "Focus:", "Meet more"):
        assert label not in profile.text
    assert profile.sha256 == hashlib.sha256(profile.text.encode()).hexdigest()


def test_the_real_corpus() -> None:
    corpus = load(CORPUS, LIMIT)
    assert len(corpus.profiles) == 32
    held = {p.file: (p.title, p.fields.award_year) for p in corpus.profiles}
    assert (
        held.items()
        >= {
            "charimaya-tamang.md": ("Charimaya Tamang", ("2011",)),
            "leonardo-sakamoto.md": ("Leonardo Sakamoto", ("2017",)),
            "somaly-mam-pierre-legros.txt": ("Pierre Legros and Somaly Mam", ()),
            "vannak-anan-prum.md": ("Vannak Anan Prum", ("2012",)),
            "xavier-plassat.md": ("Xavier Plassat", ("2010",)),
        }.items()
    )
    assert (corpus.skipped, corpus.warnings) == ((), ())
    plassat = corpus.profiles[-1]
    assert plassat.names == ("Xavier Plassat", "Brother Xavier Plassat")
    assert plassat.fields.organization == ("Pastoral Land Commission (CPT)",)
    assert len(plassat.sources) == 6


REST = "founded a shelter for girls in 1996 and has led it ever since then."


@pytest.mark.parametrize(
    ("text", "file", "title"),
    [
        (f"Jane Roe {REST}", "a.txt", "Jane Roe"),
        (f"Jane Roe, a lawyer, {REST}", "jane-roe.txt", "Jane Roe"),
        (f"Jane Roe and John Doe {REST}", "roe.txt", "Jane Roe and John Doe"),
        (f"Jane Roe, John Doe and Ann Lee {REST}", "a.txt", "Jane Roe, John Doe and Ann Lee"),
        (f"Maria da Silva {REST}", "a.txt", "Maria da Silva"),
        (f"Jane Roe's group {REST}", "a.txt", "Jane Roe"),
        (f"When she was young, Jane Roe {REST}", "jane-roe.txt", "Jane Roe"),
        (f"In 1996 she {REST}", "jane_roe.txt", "Jane Roe"),
        (f"In 1996 she {REST}", "42.txt", "42"),
        (f"In Nepal, JANE ROE {REST}", "jane-roe.txt", "JANE ROE"),
        (f"she {REST}", "李明.txt", "李明"),
    ],
)
def test_title(text: str, file: str, title: str) -> None:
    assert read(text, file).title == title


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("Jane Roe", ("Jane Roe",)),
        ("Jane Roe & John Doe", ("Jane Roe", "John Doe")),
        ("Jane Roe, John Doe and Ann Lee", ("Jane Roe", "John Doe", "Ann Lee")),
        ("Sandy Anderson", ("Sandy Anderson",)),
    ],
)
def test_names(title: str, names: tuple[str, ...]) -> None:
    assert read(f"Name: {title}\n\nShe {REST}").names == names


def test_a_long_title_is_cut() -> None:
    assert read(f"Title: {'x' * 500}\n\nShe {REST}").title == "x" * 120


def test_ids_are_distinct_and_stable() -> None:
    files = [
        "jose.txt",
        "Jose.txt",
        "José.txt",
        "JOSE .txt",
        "a/jose.txt",
        "李明.txt",
        "🙂.txt",
        "🙃.txt",
    ]
    ids = [read(f"She {REST}", file).id for file in files]
    assert len(set(ids)) == len(files)
    assert ids == [read(f"He {REST}", file).id for file in files]
    assert ids[0] == f"jose-{hashlib.sha256(b'jose.txt').hexdigest()[:8]}"
    assert all(id_.isascii() and id_ == id_.lower() and "/" not in id_ for id_ in ids)


def test_fold() -> None:
    assert fold("  Médecins\u200b FRONTIÈRES ﬁn Straße") == "medecins frontieres fin strasse"


def test_fingerprint_changes_with_whatever_is_said() -> None:
    said = f"Active in: Nepal\n\nJane Roe {REST}"
    same = {fingerprint(read(said)), fingerprint(read(said + "\n\n"))}
    other = {
        fingerprint(read(said.replace(a, b))) for a, b in [("Nepal", "Laos"), ("1996", "1997")]
    }
    assert len(same) == 1
    assert len(same | other) == 3


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"Loading\nActive in:\nFocus:\n", "no text besides labels"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary, not text"),
    ],
)
def test_no_profile(data: bytes, reason: str) -> None:
    with pytest.raises(ProfileError, match=reason):
        read_profile(data, "x.txt")


MARKED = st.sampled_from(
    ["---\n", "name: ", "Active in:", "Focus:", "\n", "\n\n", "Loading", "# ", "[a](b)", "`", "*",
     "&#x301;", "&#0;", "Meet more heroes working with", "TIP Award Year: 2005", "!!int ", "&a ",
     "*a", "Jane Roe ", "\ufeff", "\u2028", "\r", "    ", "and ", ", ", "李明", "🙂", "e\u0301",
     "{", "[", '"\\ud800"', "<b>"]
)  # fmt: skip
PAGES = st.lists(MARKED | st.text(max_size=8), max_size=25).map("".join)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252", "shift_jis"])


def check_fuzzed(data: bytes, file: str) -> None:
    try:
        profile, _ = read_profile(data, file)
    except ProfileError:
        return
    assert profile.text.strip()
    assert profile.text == unicodedata.normalize("NFC", profile.text)
    assert not any(
        unicodedata.category(c) in {"Cc", "Cs"} for c in profile.text.replace("\n\n", "")
    )
    assert profile.title == profile.title.strip()
    assert fingerprint(profile)


@given(st.binary(max_size=400), st.sampled_from(["x.txt", "x.md"]))
def test_any_bytes_are_a_profile_or_an_error(data: bytes, file: str) -> None:
    check_fuzzed(data, file)


@given(PAGES, ENCODINGS, st.sampled_from(["x.txt", "x.md", "jane-roe.md"]))
def test_any_page_is_a_profile_or_an_error(text: str, encoding: str, file: str) -> None:
    check_fuzzed(text.encode(encoding, "ignore"), file)


@given(st.lists(MARKED | st.text(max_size=8), max_size=15).map("".join))
def test_any_front_matter_is_read_or_an_error(yaml: str) -> None:
    check_fuzzed(f"---\nname: {yaml}\n---\nShe left.".encode("utf-8", "ignore"), "x.md")


def test_missing_and_empty_folders(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"no corpus folder at .*nowhere"):
        load(tmp_path / "nowhere", LIMIT)
    with pytest.raises(ProfileError, match="no usable profile") as caught:
        load(tmp_path, LIMIT)
    assert caught.value.exit_code == 3
    (tmp_path / "empty.txt").touch()
    with pytest.raises(ProfileError, match=r"1 skipped, first empty.txt \(empty\)"):
        load(tmp_path, LIMIT)


def test_what_is_left_out_is_listed_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text(f"Jane Roe {REST}")
    (tmp_path / "twin.txt").write_text(f"Active in: Nepal\n\nJane Roe {REST}")
    (tmp_path / "empty.txt").touch()
    (tmp_path / "labels.txt").write_text("Active in:\nFocus:\n")
    (tmp_path / "photo.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    (tmp_path / "huge.txt").write_text("word " * 100)
    (tmp_path / "page.docx").write_bytes(b"PK")
    (tmp_path / "broken.md").write_text("---\nname: [Jane\n---\nShe left.")
    (tmp_path / "link.txt").symlink_to(tmp_path / "good.txt")
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    (tmp_path / "folder").symlink_to(tmp_path)
    (tmp_path / "dangling.txt").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / ".hidden.txt").write_text(f"Ann Lee {REST}")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.txt").write_text(f"Ann Lee {REST}")
    (tmp_path / "named.txt").mkdir()
    (tmp_path / "named.txt" / "inner.TXT").write_text(f"John Doe {REST}")
    corpus = load(tmp_path, 400)
    assert [profile.file for profile in corpus.profiles] == ["good.txt", "named.txt/inner.TXT"]
    reasons = {skipped.file: skipped.reason for skipped in corpus.skipped}
    assert reasons.pop("broken.md").startswith("front matter is not YAML")
    assert reasons == {
        "dangling.txt": "not a regular file",
        "empty.txt": "empty",
        "huge.txt": "larger than 400 bytes",
        "labels.txt": "no text besides labels",
        "link.txt": "not a regular file",
        "loop.txt": "not a regular file",
        "page.docx": "not a profile file (.txt, .md)",
        "photo.txt": "binary, not text",
        "pipe.txt": "not a regular file",
        "twin.txt": "same text as good.txt",
    }


def test_a_file_of_the_limit_is_read(tmp_path: Path) -> None:
    text = f"Jane Roe {REST}"
    (tmp_path / "a.txt").write_text(text)
    assert load(tmp_path, len(text)).profiles[0].text == text


def test_a_legacy_encoding_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(f"Médecins {REST}".encode("cp1252"))
    corpus = load(tmp_path, LIMIT)
    assert corpus.profiles[0].text == f"Médecins {REST}"
    assert [(w.file, w.reason) for w in corpus.warnings] == [
        ("a.txt", "read as cp1252; save it as UTF-8 to be sure")
    ]


def test_odd_file_names(tmp_path: Path) -> None:
    (tmp_path / "two\nlines\x1b[31m.txt").write_text(f"Jane Roe {REST}")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt")).write_text(f"John Doe {REST}")
    profiles = load(tmp_path, LIMIT).profiles
    assert [profile.file for profile in profiles] == ["\\udcff.txt", "two\nlines\x1b[31m.txt"]
    assert len({fingerprint(profile) for profile in profiles}) == 2


def test_one_name_in_two_normal_forms_is_one_profile(tmp_path: Path) -> None:
    (tmp_path / "Jos\u00e9.txt").write_text(f"Jane Roe {REST}")
    (tmp_path / "Jose\u0301.txt").write_text(f"John Doe {REST}")
    corpus = load(tmp_path, LIMIT)
    assert [profile.title for profile in corpus.profiles] == ["John Doe"]
    assert [skipped.reason for skipped in corpus.skipped] == [
        "same name as Jose\u0301.txt, written otherwise"
    ]


def test_a_folder_that_cannot_be_read_is_an_error_and_not_a_removal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_corpus(tmp_path, {"a.md": "Ana Roy left."})
    write_corpus(tmp_path / "more", {"b.md": "Bo Li came."})
    scan = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("more"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(ProfileError, match=r"cannot read .*more: Permission denied"):
        load(tmp_path, 1000)
