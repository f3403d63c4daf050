"""What the profiles' texts say without their labels, against what the labels say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import CORPUS, USER_PAGE
from tipsearch.corpus import dates, facts, places
from tipsearch.corpus.passages import sentences
from tipsearch.corpus.profiles import load, read_profile
from tipsearch.types import FIELD_NAMES, Evidence, Fields, Profile

PROFILES = load(CORPUS, 2_000_000).profiles
READ_FROM_TEXT = sorted(set(FIELD_NAMES) - {"role"})


def bare(profile: Profile) -> Profile:
    return replace(profile, fields=Fields())


def values(profile: Profile, field: str) -> list[str]:
    return [e.value for e in facts.read(profile) if e.field == field]


def page(text: str) -> Profile:
    profile, _ = read_profile(f"---\ntitle: Ada Bell\n---\n\n{text}\n".encode(), "bell.md")
    return profile


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.id)
def test_what_is_read_has_its_sentence(profile: Profile) -> None:
    spans = {*sentences(profile.text), (0, 0)}
    for evidence in [*facts.read(profile), *facts.read(bare(profile), ["child labor"])]:
        assert (evidence.start, evidence.end) in spans, evidence
        assert not evidence.basis or evidence.basis in spans
        if not evidence.labelled and evidence.field in READ_FROM_TEXT:
            assert evidence.start < evidence.end  # only a label can say a thing without a sentence


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.id)
def test_labels_count_first(profile: Profile) -> None:
    for evidence in facts.read(profile):
        if evidence.field in FIELD_NAMES and getattr(profile.fields, evidence.field):
            assert evidence.labelled


def test_the_text_gives_no_other_year_of_honour_than_the_labels() -> None:
    read = {p.id: values(bare(p), "award_year") for p in PROFILES if p.fields.award_year}
    told = {p.id: list(p.fields.award_year) for p in PROFILES}
    wrong = {id_: found for id_, found in read.items() if found and found != told[id_]}
    assert not wrong
    assert sum(map(bool, read.values())) > len(read) / 2


def test_the_text_seldom_gives_another_country_than_the_labels() -> None:
    right = wrong = 0
    for profile in PROFILES:
        if told := {places.canonical(country) for country in profile.fields.active_in}:
            read = set(values(bare(profile), "active_in"))
            right, wrong = right + len(read & told), wrong + len(read - told)
    assert right >= 20
    assert wrong <= right / 8


def test_of_the_users_page_the_labels_and_the_founding_are_read() -> None:
    profile, _ = read_profile((CORPUS / USER_PAGE).read_bytes(), USER_PAGE)
    found: dict[str, list[Evidence]] = {}
    for evidence in facts.read(profile):
        found.setdefault(evidence.field, []).append(evidence)
    assert {e.value for e in found["active_in"]} == {"Cambodia"}
    assert any("2004" in e.value for e in found["date"])
    assert {e.value for e in found["person"]} >= {"Pierre Legros", "Somaly Mam"}
    assert any(e.value.endswith("AFESIP") for e in found["founded"])


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        ("She was honoured in the 2011 Trafficking in Persons Report.", "award_year", ["2011"]),
        ("A list of 2017 has her as a TIP hero of 2011.", "award_year", []),
        ("She left in 2003 and was a hero of the 2011 TIP Report.", "award_year", ["2011"]),
        ("She read the 2011 Trafficking in Persons Report.", "award_year", []),
        ("She was born in Peru. She works in Chad. Chad has no law.", "active_in", ["Chad"]),
        ("She has seen Peru. She works in Chad.", "active_in", []),
        ("She works in Chad.", "active_in", ["Chad"]),
        ("Bell founded the Lantern Foundation in 1998.", "founded", ["1998 Lantern Foundation"]),
        ("Bell left after founding the Lantern Foundation.", "founded", []),
        ("She won the Golden Lamp Prize in 2003.", "additional_recognition", ["Golden Lamp Prize"]),
        ("She spoke. She wrote. He listened. Her work went on.", "gender", ["woman: Ada Bell"]),
        ("She spoke. He listened.", "gender", []),
    ],
)
def test_rules_of_the_text(text: str, field: str, expected: list[str]) -> None:
    assert values(page(text), field) == expected


def test_of_two_people_gender_is_told_by_courtesy_alone() -> None:
    data = b"---\ntitle: Ada Bell and Tom Reed\n---\n\nMs. Bell and Reed met. She spoke first.\n"
    profile, _ = read_profile(data, "two.md")
    assert values(profile, "gender") == ["woman: Ada Bell"]


# --------------------------------------------------------------- sentences that say what is read

BY_FILE = {profile.file: profile for profile in PROFILES}


def sentence(profile: Profile, evidence: Evidence) -> str:
    return profile.text[evidence.start : evidence.end]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.id)
def test_years_stand_in_their_sentence_or_count_from_one_that_has_one(profile: Profile) -> None:
    told = [e for e in facts.read(profile) if e.field == "date"]
    assert told
    for evidence in told:
        said = evidence.value[:4] in sentence(profile, evidence)
        if not evidence.basis:
            assert said, evidence
        else:
            assert dates.find(profile.text[slice(*evidence.basis)]), evidence
            assert evidence.basis[0] <= evidence.start
        if evidence.value.count("-") == 2:
            assert str(int(evidence.value[-2:])) in sentence(profile, evidence)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.id)
def test_years_of_honours_and_of_foundings_are_dates_of_their_sentences(profile: Profile) -> None:
    for read_of in (profile, bare(profile)):
        found = facts.read(read_of)
        dated = {(e.value[:4], e.start) for e in found if e.field == "date"}
        for evidence in found:
            if evidence.field in {"award_year", "founded"} and evidence.start < evidence.end:
                assert (evidence.value[:4], evidence.start) in dated, evidence


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.id)
def test_what_is_read_from_the_text_is_named_by_its_sentence(profile: Profile) -> None:
    for evidence in facts.read(bare(profile)):
        if evidence.field in {"organization", "additional_recognition"}:
            assert evidence.value in sentence(profile, evidence), evidence
        if evidence.field == "active_in":
            named = places.find(sentence(profile, evidence))
            assert {evidence.value} in [place.countries for place in named], evidence
        if evidence.field == "person":
            assert evidence.value.split()[-1] in sentence(profile, evidence), evidence


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("active_in", "Cambodia", "Mr. Legros had come to Cambodia first with Médecins Sans"),
        ("organization", "AFESIP", "It was in 1996 that they founded"),
        ("organization", "Somaly Mam Foundation", "Mam, in 2007, created the Somaly Mam"),
        ("award_year", "2005", "Although Pierre Legros resigned from AFESIP in 2004"),
        ("gender", "man: Pierre Legros", "Mr. Legros had come to Cambodia"),
        ("gender", "woman: Somaly Mam", "He continued to work with a variety"),
        ("date", "1990s", "Pierre Legros and Somaly Mam met in the early 1990s"),
        ("date", "2014-10", "While the Somaly Mam Foundation ceased operations in October, 2014"),
        ("founded", "1996 AFESIP", "It was in 1996 that they founded"),
        ("founded", "2007 Somaly Mam Foundation", "Mam, in 2007, created"),
    ],
)
def test_of_the_users_page_every_sentence(field: str, value: str, said: str) -> None:
    profile = BY_FILE[USER_PAGE]
    found = [e for e in facts.read(profile) if (e.field, e.value) == (field, value)]
    assert len(found) == 1
    assert sentence(profile, found[0]).startswith(said)
    assert not found[0].labelled


@pytest.mark.parametrize(
    ("file", "value", "sentence_of_date", "sentence_of_year"),
    [
        (
            "aminetou-mint-moctar.md", "2009", "Children who worked as domestics",
            "In 2009 she led public campaigns",
        ),
        (
            "aminetou-mint-moctar.md", "2010-06-26", "Twelve days later",
            "One was the French Legion of Honour, awarded to her in 2010",
        ),
        (
            "marcelo-colombo.md", "2013", "Five years later an interview",
            "Argentina's law on trafficking dated from 2008",
        ),
        (
            "xavier-plassat.md", "2008", "In 2006 Plassat was given", "In 2006 Plassat was given",
        ),
    ],
)  # fmt: skip
def test_a_date_told_by_another_one_has_both_sentences(
    file: str, value: str, sentence_of_date: str, sentence_of_year: str
) -> None:
    profile = BY_FILE[file]
    (found,) = [
        e for e in facts.read(profile) if e.field == "date" and e.value == value and e.basis
    ]
    assert sentence(profile, found).startswith(sentence_of_date)
    assert profile.text[slice(*found.basis)].startswith(sentence_of_year)


# ------------------------------------------------------------------------------ real profiles


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("sunitha-krishnan.md", ["1996 Prajwala"]),
        ("biram-dah-abeid.md", ["2008 Initiative for the Resurgence of the Abolitionist Movement"]),
        ("leonardo-sakamoto.md", ["2001 Repórter Brasil"]),
        ("mariliana-morales-berrios.md", ["1997-11-12 Fundación Rahab"]),
        ("gary-haugen.md", ["1997 International Justice Mission"]),
        ("laura-germino.md", ["1993 Coalition of Immokalee Workers"]),
        ("xavier-plassat.md", ["1975 Pastoral Land Commission"]),
        ("amina-oufroukhi.md", []),  # "Morocco's law against trafficking, which dates from 2016"
        ("vannak-anan-prum.md", []),
    ],
)
def test_foundings_of_real_profiles(file: str, expected: list[str]) -> None:
    assert values(BY_FILE[file], "founded") == expected


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("biram-dah-abeid.md", ["Biram Dah Abeid", "Brahim Bilal Ramdhane"]),
        (USER_PAGE, ["Pierre Legros", "Somaly Mam"]),
        ("sunitha-krishnan.md", ["Sunitha Krishnan"]),
        ("azezet-kidane.md", ["Sister Azezet Habtezghi Kidane"]),
    ],
)
def test_people_of_real_profiles(file: str, expected: list[str]) -> None:
    assert values(BY_FILE[file], "person") == expected


def test_gender_of_real_profiles() -> None:
    told = [value for profile in PROFILES for value in values(profile, "gender")]
    men = (
        "Biram Dah Abeid|Gary Haugen|Kailash Satyarthi|Leonardo Sakamoto|Marcelo Colombo|"
        "Raimi Vincent Paraiso|Sattaru Umapathi|Pierre Legros|Tek Narayan Kunwar|"
        "Vannak Anan Prum|Wahyu Susilo|Xavier Plassat"
    ).split("|")
    people = [name for profile in PROFILES for name in facts.people(profile)]
    women = [name for name in people if name not in men]
    assert sorted(told) == sorted([f"man: {n}" for n in men] + [f"woman: {n}" for n in women])


# ------------------------------------------------------------------------- small ones, by hand


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She founded the NGO Lamp in 1996.", ["1996 Lamp"]),
        ("In 1996 Bell co-founded LAMP.", ["1996 LAMP"]),
        ("In June 1996 Bell set up LAMP.", ["1996-06 LAMP"]),
        ("LAMP, which she founded in 2003, grew.", ["2003 LAMP"]),
        ("LAMP came into being in 1993.", ["1993 LAMP"]),
        ("Founded in 1975, LAMP grew.", ["1975 LAMP"]),
        ("The Lima Foundation was set up in 1999.", ["1999 Lima Foundation"]),
        ("LAMP grew. It dates from 2008.", ["2008 LAMP"]),
        ("LAMP grew. The organisation was founded in 2008.", ["2008 LAMP"]),
        ("LAMP began in 1996. Two years later Bell founded CARE.", ["1998 CARE"]),
        ("Bell set up LAMP in 2003 and left in 2005.", ["2003 LAMP"]),
        ("In 2001 Bell left and in 2003 she set up LAMP.", ["2003 LAMP"]),
        ("In 2001 Bell founded LAMP. In 2003 Bell founded LAMP.", ["2001 LAMP"]),
        ("It dates from 2008.", []),
        ("The law dates from 2008.", []),
        ("In 2011, ten years after the foundation of LAMP, she left.", []),
        ("In 2011, three years after she had helped to found LAMP, she left.", []),
        ("In 2009, before she founded LAMP, she was a nurse.", []),
        ("Bell founded LAMP.", []),
        ("In the 1990s Bell founded LAMP.", []),
        ("In 2001 Bell founded a shelter.", []),
        ("In 2001 Bell joined LAMP.", []),
    ],
)
def test_foundings(text: str, expected: list[str]) -> None:
    assert values(page(text), "founded") == expected


def test_a_body_of_the_labels_is_known_by_what_stands_in_its_brackets() -> None:
    labels = Fields(organization=("Light And Music Post (LAMP)",))
    profile = replace(page("It dates from 2008. LAMP grew."), fields=labels)
    assert values(profile, "founded") == ["2008 Light And Music Post"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She left. She came. Her dog stayed. He barked.", ["woman: Ada Bell"]),
        ("She left. She came. He stayed.", []),
        ("He left. His dog barked. He himself did not.", ["man: Ada Bell"]),
        ("Bell left. They came. The mother of theirs helped the here and there.", []),
        ("Bell left.", []),
        ("Ms. Bell left.", []),
    ],
)
def test_gender_of_one_by_pronouns(text: str, expected: list[str]) -> None:
    assert values(page(text), "gender") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr. Reed met Ms. Bell.", ["woman: Ada Bell", "man: Tom Reed"]),
        ("Mrs. Ada Bell met Brother Reed.", ["woman: Ada Bell", "man: Tom Reed"]),
        ("Sister Bell left.", ["woman: Ada Bell"]),
        ("She left. She came. He never did.", []),
        ("Mr. Reedham met Ms. Bellow.", []),
    ],
)
def test_gender_of_two_by_courtesy(text: str, expected: list[str]) -> None:
    two = replace(page(text), title="Ada Bell and Tom Reed", names=("Ada Bell", "Tom Reed"))
    assert values(two, "gender") == expected


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("In 2016 she and Tom Reed were jointly honoured as heroes.", ["Tom Reed"]),
        ("Tom Reed taught. Later Bell and Reed were jointly named heroes.", ["Tom Reed"]),
        ("Tom Reed taught. In 2016 the two were honoured as heroes.", []),
        ("Tom Reed taught. Then the two were honoured as heroes, Reed and Bell.", ["Tom Reed"]),
        ("Tom Reed taught. He and Bell were jointly named heroes.", []),
        ("Tom Reed and Bell were jointly given a medal.", []),
        ("Tom Reed and Bell were honoured as TIP Report Heroes.", []),
        ("She and Tom Reed were jointly named heroes in Sri Lanka.", ["Tom Reed"]),
    ],
)
def test_people_honoured_jointly(text: str, others: list[str]) -> None:
    assert values(page(text), "person") == ["Ada Bell", *others]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("In Peru. In Peru. In Norway. In Norway.", ["Peru", "Norway"]),
        ("In Peru. In Peru. In Peru. In Peru. In Peru. In Norway. In Norway.", ["Peru"]),
        ("In Peru and Peru, Peru. In Norway. In Norway.", ["Norway"]),  # sentences are counted
        ("A Peruvian nurse. A Peruvian. In Norway. In Norway.", ["Norway"]),
        ("She worked in South Asia. She left South Asia.", []),
    ],
)
def test_countries(text: str, expected: list[str]) -> None:
    assert values(page(text), "active_in") == expected


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        ("Born in 1960, she was honoured in the TIP Report of 2009.", "award_year", ["2009"]),
        ("She was given an award in 2009.", "award_year", []),
        ("CARE grew. CARE shrank.", "organization", ["CARE"]),
        ("Bell founded CARE.", "organization", ["CARE"]),
        ("CARE grew.", "organization", []),
        ("TIP and NGO led. TIP and NGO fell.", "organization", []),
        ("She got the TIP Report Hero Award.", "additional_recognition", []),
        ("The Order of Merit was hers.", "additional_recognition", ["Order of Merit"]),
        ("She was a nurse.", "role", []),
        ("She fought child labour.", "focus", []),
    ],
)
def test_other_fields(text: str, field: str, expected: list[str]) -> None:
    assert values(page(text), field) == expected


def test_topics_are_those_that_are_given() -> None:
    profile = page("She fought child labour and debt bondage.")
    found = facts.read(profile, ["Child Labor", "Sea"])
    assert [e.value for e in found if e.field == "focus"] == ["Child Labor"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (Fields(active_in=("Peru",)), "Bell founded LAMP in Peru in 2001."),
        (Fields(active_in=("Norway",)), ""),
        (Fields(organization=("Light Post (LAMP)",)), "LAMP was big."),
        (Fields(award_year=("2009",)), "Two years later a hero award was hers."),
        (Fields(award_year=("2012",)), ""),
        (Fields(role=("sailor",)), ""),
    ],
)
def test_a_label_has_the_sentence_that_says_it_or_none(fields: Fields, said: str) -> None:
    text = (
        "LAMP was big. Bell founded LAMP in Peru in 2001. In 2007 she left. "
        "Two years later a hero award was hers. In 2009 she ate."
    )
    profile = replace(page(text), fields=fields)
    (evidence,) = [e for e in facts.read(profile) if e.labelled]
    assert sentence(profile, evidence) == said
    assert bool(said) or (evidence.start, evidence.end) == (0, 0)


@pytest.mark.parametrize(
    ("label", "short"),
    [
        ("Coalition of Immokalee Workers (CIW)", "Coalition of Immokalee Workers"),
        ("The Lamp, Lima", "Lamp"),
        ("(LAMP)", "(LAMP)"),
    ],
)
def test_short_name(label: str, short: str) -> None:
    assert facts.short_name(label) == short


# --------------------------------------------------------------------------------- properties

PIECES = st.sampled_from(
    "Ada Bell|Ms.|She|he|founded|was founded in|CARE|It dates from|in 1996|the following year|"
    "14 June|jointly|heroes|Tom Reed|TIP Report|honoured|Lima Foundation|Grand Medal|Peru|U.S.|"
    "1990s|.|. |,|\n\n|(|]".split("|")
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=25).map(" ".join)


@given(TEXTS)
def test_any_text_is_read_and_gives_sentences_of_it(text: str) -> None:
    profile = replace(page("x"), text=text)
    spans = {*sentences(text), (0, 0)}
    for evidence in facts.read(profile, ["Child Labor"]):
        assert (evidence.start, evidence.end) in spans
        assert evidence.basis == () or evidence.basis in spans
        if evidence.field == "date" and not evidence.basis:
            assert evidence.value[:4] in sentence(profile, evidence)


@pytest.mark.parametrize(
    ("text", "founded"),
    [
        ("Ana Roy left HOPE in 2011, ten years after it was founded.", []),
        ("She left HOPE in 2011, long after it was founded in 2001.", ["2001 HOPE"]),
        ("In 2003 she created Peru's first shelter.", []),
        ("She founded HOPE in 2001 and set up CARE in 2003.", ["2001 HOPE", "2003 CARE"]),
        ("HOPE Foundation helped girls. Its building was created in 2008.", []),
        ("HOPE Foundation helped girls. It was created in 2008.", ["2008 HOPE Foundation"]),
        ("The Sun Centre, which was founded in 1999, helped.", ["1999 Sun Centre"]),
    ],
)
def test_what_is_founded_when(text: str, founded: list[str]) -> None:
    profile = Profile("x", "Ana Roy", ("Ana Roy",), text, Fields(), (), "x.md", "")
    assert values(profile, "founded") == founded


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("The State Department jointly honoured Ana Roy and Bo Li as heroes.", ["Bo Li"]),
        ("Ana Roy met Tom Lee Reed. The two were made heroes, Reed first.", ["Tom Lee Reed"]),
        ("Ana Roy was jointly honoured in New York as a hero.", []),
    ],
)  # fmt: skip
def test_who_was_honoured_jointly(text: str, others: list[str]) -> None:
    profile = Profile("x", "Ana Roy", ("Ana Roy",), text, Fields(), (), "x.md", "")
    assert values(profile, "person") == ["Ana Roy", *others]
