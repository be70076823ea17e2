"""Who speaks: files that build on each other, what the model reads, and what is wrong with a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from framework.documents import DocumentError, Severity
from framework.personalities import NEUTRAL, Personality, check, compose, load
from framework.personalities.load import beside
from framework.personalities.model import in_language

SHIPPED = Path(__file__).resolve().parents[3] / "personalities"


@pytest.fixture
def write(tmp_path):
    """Write a personality and get its path."""

    def write(name, text):
        path = tmp_path / f"{name}.yaml"
        path.write_text(text, "utf-8")
        return path

    return write


def codes(path, **more):
    return [(d.code, d.span.line, d.span.column) for d in check(path, **more)]


# --- Reading ----------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_personalities_are_right(path):
    assert check(path) == []
    assert load(path).personality == path.stem


def test_ava_is_what_her_file_says_and_what_receptionists_are():
    ava = load(SHIPPED / "ava.yaml")
    assert ava.name == "Ava"
    assert ava.languages == ["en", "es"]
    assert ava.rules[0] == "Be warm, brief and exact."
    assert ava.rules[-1] == "Never give medical advice."
    assert ava.voices["piper"] == "en_US-joe-medium"
    assert in_language(ava.greeting, "es") == "Hola, soy Ava."


def test_rules_add_up_maps_are_added_to_and_all_else_is_replaced(write):
    write(
        "base",
        """
personality: base
role: A.
rules: [one, two]
languages: [en, es]
voices: {piper: a, espeak: b}
tools: {block: [a.*]}
fillers: [Hm.]
""",
    )
    ada = load(
        write(
            "ada",
            """
personality: ada
extends: base
role: B.
rules: [two, three]
voices: {espeak: c}
tools: {block: [b]}
fillers: [So.]
""",
        )
    )
    assert ada.rules == ["one", "two", "three"]
    assert ada.voices == {"piper": "a", "espeak": "c"}
    assert (ada.role, ada.languages, ada.fillers) == ("B.", ["en", "es"], ["So."])
    assert not ada.allows("a.x")
    assert not ada.allows("b")
    assert ada.allows("c")
    assert (ada.personality, ada.extends) == ("ada", "base")


def test_a_base_may_have_a_base_of_its_own(write):
    write("a", "{personality: a, rules: [1st], pace: 0.9}")
    write("b", "{personality: b, extends: a, rules: [2nd]}")
    c = load(write("c", "{personality: c, extends: b, rules: [3rd]}"))
    assert (c.rules, c.pace) == (["1st", "2nd", "3rd"], 0.9)


def test_others_are_looked_for_where_the_caller_says(write, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "base.yaml").write_text("{personality: base, rules: [kind]}", "utf-8")
    path = write("ada", "{personality: ada, extends: base}")
    assert load(path, beside(elsewhere / "any.yaml")).rules == ["kind"]
    with pytest.raises(DocumentError, match="no personality `base`"):
        load(path)


# --- What is wrong ----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("personality: ada\nrolle: You.\n", ("PRS001", 2, 1)),
        ("personality: ada\npace: fast\n", ("PRS002", 2, 7)),
        ("personality: ada\npace: 9\n", ("PRS002", 2, 7)),
        ("name: Ada\n", ("PRS003", 1, 1)),
        ("personality: ada\nextends: nobody\n", ("PRS010", 2, 10)),
        ("personality: ada\nextends: ada\n", ("PRS011", 2, 10)),
        ("personality: ada\nlanguages: [en, es]\ngreeting: {en: Hello}\n", ("PRS012", 3, 1)),
        ("personality: ada\nlanguages: [en]\ngreeting: {en: Hello, fr: Salut}\n", ("PRS012", 3, 23)),
        ("personality: ada\nlanguages: [English]\n", ("PRS012", 2, 13)),
        ("personality: bob\n", ("PRS014", 1, 14)),
        ('personality: ada\ngreeting: "Hello {{ slots.name }}"\n', ("PRS015", 2, 11)),
    ],
)
def test_each_mistake_is_told_at_its_place(write, text, wrong):
    assert codes(write("ada", text)) == [wrong]


def test_the_nearest_key_is_offered(write):
    [problem] = check(write("ada", "personality: ada\nvoise_rules: [a]\n"))
    assert problem.fix == "Did you mean `voice_rules`?"


def test_the_nearest_personality_is_offered(write):
    write("receptionist", "personality: receptionist\n")
    [problem] = check(write("ada", "personality: ada\nextends: receptionst\n"))
    assert "receptionist" in problem.fix


def test_all_mistakes_are_told_at_once(write):
    found = check(write("ada", "personality: ada\nrol: a\npace: x\nlanguages: [en]\ngreeting: {de: Hallo}\n"))
    assert [d.code for d in found] == ["PRS001", "PRS002", "PRS012", "PRS012"]


def test_a_circle_of_three_is_named(write):
    write("b", "{personality: b, extends: c}")
    write("c", "{personality: c, extends: a}")
    [problem] = check(write("a", "{personality: a, extends: b}"))
    assert (problem.code, problem.message) == ("PRS011", "personalities extend each other in a circle: a → b → c → a.")


def test_a_broken_base_is_told_once_where_it_is_named(write):
    write("base", "personality: base\nnope: 1\n")
    [problem] = check(write("ada", "personality: ada\nextends: base\n"))
    assert (problem.code, problem.span.line) == ("PRS010", 2)


def test_a_voice_for_a_service_that_is_not_there_is_told(write):
    path = write("ada", "personality: ada\nvoices: {piper: a, pipper: b}\n")
    assert check(path) == []
    [problem] = check(path, services=["piper", "espeak"])
    assert (problem.code, problem.severity, problem.fix) == ("PRS013", Severity.WARNING, "Did you mean `piper`?")


@pytest.mark.parametrize(
    "text", ["", "[1, 2]", "personality: ada\npersonality: ada\n", "personality:\tada\n", "a: [", "\x00"]
)
def test_a_file_that_is_no_personality_is_refused_with_a_sentence(write, text):
    path = write("ada", text)
    assert check(path)
    with pytest.raises(DocumentError):
        load(path)


def test_a_missing_file_is_refused_with_a_sentence(tmp_path):
    assert check(tmp_path / "nobody.yaml")


# --- What the model reads ---------------------------------------------------


def test_a_voice_reads_voice_rules_and_a_text_text_rules():
    ada = Personality(personality="ada", role="You are Ada.", rules=["R."], voice_rules=["V."], text_rules=["T."])
    voice, text = (compose(ada, channel=channel, language="en") for channel in ("voice", "text"))
    assert "V." in voice
    assert "T." not in voice
    assert "spoken aloud" in voice
    assert "T." in text
    assert "V." not in text
    assert "spoken aloud" not in text


def test_what_never_changes_stands_first():
    ada = load(SHIPPED / "ava.yaml")
    one, other = (compose(ada, channel="voice", language="en", task=task) for task in ("Book.", "Cancel."))
    alone = compose(ada, channel="voice", language="en")
    assert one == f"{alone}\n\nBook."
    assert other == f"{alone}\n\nCancel."


def test_the_name_is_added_where_the_role_leaves_it_out():
    assert compose(
        Personality(personality="a", name="Ada", role="You sell tea."), channel="text", language="en"
    ).startswith("You sell tea. Your name is Ada.")
    assert "Your name" not in compose(
        Personality(personality="a", name="Ada", role="You are Ada."), channel="text", language="en"
    )


def test_every_text_is_in_the_language_of_the_session():
    ada = Personality(
        personality="a", role={"en": "You are Ada.", "es": "Eres Ada."}, rules=[{"en": "Be kind.", "es": "Sé amable."}]
    )
    assert compose(ada, channel="text", language="es") == "Eres Ada.\n\nRules:\n- Sé amable.\n\nSpeak Spanish."


def test_the_neutral_one_has_nothing_to_hide():
    assert compose(NEUTRAL, channel="text", language="en") == "You are a helpful, friendly assistant.\n\nSpeak English."
