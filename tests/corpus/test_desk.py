"""The corpus desk proposes what the text says, with its sentence, and keeps quiet elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import CORPUS, USER_PAGE, write_corpus
from tests.test_cli import tipsearch
from tipsearch.corpus import desk
from tipsearch.corpus.profiles import Corpus, load

_FIELDS = "active_in: [Peru]\norganization: [HOPE]\nrole: nurse\ntip_award_year: 2001\n"
_FULL = f"---\nname: Ana Roy\n{_FIELDS}focus: [Aid]\nadditional_recognition: [A Medal]\n---\n"


def corpus(folder: Path, **texts: str) -> Corpus:
    files = {f"{name.replace('_', '-')}.md": text for name, text in texts.items()}
    return load(write_corpus(folder / "c", files), 2_000_000)


def said(found: list[desk.Finding]) -> set[tuple[str, str]]:
    return {(finding.field or finding.kind, finding.value) for finding in found}


def test_the_users_page_gets_what_its_text_gives() -> None:
    profiles = load(CORPUS, 2_000_000).profiles
    page = next(profile for profile in profiles if profile.file == USER_PAGE)
    found = desk.empty_fields(page, {"Sex Trafficking", "Child Labor"})
    assert {("active_in", "Cambodia"), ("award_year", "2005"), ("organization", "AFESIP")} <= said(
        found
    )
    for finding in found:
        assert all(sentence in page.text for sentence in finding.sentences)
    years = [finding.value for finding in found if finding.field == "award_year"]
    assert years == ["2005"]  # not 2014, when the report was on the country
    meeting = [f for f in desk.disagreements([page]) if f.value == "early 1990s / 1991"]
    assert len(meeting) == 1
    assert all("met" in sentence for sentence in meeting[0].sentences)


def test_few_of_the_real_profiles_need_a_look() -> None:
    profiles = load(CORPUS, 2_000_000).profiles
    others = [f for f in desk.look(profiles) if USER_PAGE not in f.files]
    assert len(others) <= 3, others


def test_fields_that_are_filled_get_no_proposal(tmp_path: Path) -> None:
    text = "Ana Roy founded CARE in Norway. She got the Grand Medal in 1999."
    assert desk.look(corpus(tmp_path, ana_roy=_FULL + text).profiles) == []
    found = said(desk.look(corpus(tmp_path, ana_roy=text).profiles))
    assert found == {
        ("active_in", "Norway"),
        ("organization", "CARE"),
        ("additional_recognition", "Grand Medal"),
    }


def test_topics_are_those_of_other_profiles(tmp_path: Path) -> None:
    files = corpus(
        tmp_path,
        ana_roy=_FULL.replace("Aid", "Child Labor, Debt") + "Ana Roy was a nurse.",
        bo_li="---\nname: Bo Li\n---\nBo Li worked against child labour.",
    ).profiles
    assert ("focus", "Child Labor") in said(desk.look(files))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Ana Roy founded HOPE in 2001. It grew. In 2003 Ana Roy founded HOPE.", {"2001 / 2003"}),
        ("Ana Roy founded HOPE in 2001. It grew. In 2003 Ana Roy founded CARE.", set()),
        ("Ana Roy founded HOPE in 2001. It grew. Later Ana Roy left HOPE in 2003.", set()),
        ("Ana Roy founded HOPE in 2001. So HOPE was founded in 2001.", set()),
        ("HOPE housed 40 women. Later 50 women were housed by HOPE.", {"40 / 50"}),
        ("In 2001 HOPE housed 40 women. In 2002 it housed 50 women.", set()),
    ],
)
def test_other_dates_and_numbers_for_the_same_thing(
    tmp_path: Path, text: str, values: set[str]
) -> None:
    found = desk.disagreements(corpus(tmp_path, ana_roy=_FULL + text).profiles)
    assert {finding.value for finding in found} == values


def test_profiles_that_disagree_or_repeat_each_other(tmp_path: Path) -> None:
    body = "Ana Roy left school early and worked for years with the young people of the port. "
    profiles = corpus(
        tmp_path,
        ana_roy=_FULL + body + "The group HOPE of Lima was founded in 2001.",
        bo_li=_FULL.replace("Ana Roy", "Bo Li")
        + "Bo Li sailed as a cook until he was thirty. He heard that the group HOPE of Lima "
        "was founded in 2004.",
        cy_fox=_FULL.replace("Ana Roy", "Cy Fox") + body,
    ).profiles
    found = desk.look(profiles)
    assert [(f.kind, f.files) for f in found] == [
        ("disagreement", ("ana-roy.md", "bo-li.md")),
        ("duplicate", ("ana-roy.md", "cy-fox.md")),
    ]
    assert found[0].value == "2001 / 2004"
    assert found[1].value == "100 % of the wording"


def test_the_shell_tells_findings_and_changes_nothing(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "c", {"ana-roy.txt": "Ana Roy founded CARE in Norway."})
    before = (folder / "ana-roy.txt").read_bytes()
    run = tipsearch("check", "--corpus", str(folder))
    assert run.returncode == 0, run.stderr
    assert "look     ana-roy.txt: the text may give active_in: Norway" in run.stdout
    assert "“Ana Roy founded CARE in Norway.”" in run.stdout
    findings = json.loads(tipsearch("check", "--corpus", str(folder), "--json").stdout)["findings"]
    assert {finding["value"] for finding in findings} == {"Norway", "CARE"}
    assert (folder / "ana-roy.txt").read_bytes() == before
    assert tipsearch("check", "--corpus", str(folder), "--fix").returncode == 2
