"""Names, asked for and in passing, and the sentences that are none."""

from __future__ import annotations

import pytest

from framework.slots.person import PersonOptions

ASKED = {
    "en": {
        "my name is Ada Lovelace": "Ada Lovelace", "My name's Ada.": "Ada", "it's Ada": "Ada", "Ada Lovelace": "Ada Lovelace",
        "Ada Lovelace speaking": "Ada Lovelace", "this is Ada Lovelace.": "Ada Lovelace", "A D A": "Ada", "A-D-A": "Ada",
        "a. d. a.": "Ada", "ada lovelace": "Ada Lovelace", "ADA LOVELACE": "Ada Lovelace", "Ada lovelace.": "Ada Lovelace",
        "I'm Ada Lovelace, and I'd like a large margherita": "Ada Lovelace", "Yes, it's Ada.": "Ada", "Dr. Smith": "Smith",
        "Ludwig van Beethoven": "Ludwig van Beethoven", "Ada, please": "Ada", "Ada. A D A.": "Ada", "Sure, Ada Byron": "Ada Byron",
        "Mary Ann O'Brien": "Mary Ann O'Brien", "mary ann o'brien": "Mary Ann O'Brien", "Jean-Luc Picard": "Jean-Luc Picard",
        "hi, this is Ada from Riverside": "Ada", "um, Ada Lovelace, thank you": "Ada Lovelace", "call me Ishmael": "Ishmael",
        "d as in dog a as in apple n as in nancy": "Dan", "George Brown": "George Brown", "Will Young": "Will Young",
        "the name is Bond": "Bond", "Maria Garcia here": "Maria Garcia", "You can call me Sam": "Sam", "J. R. Tolkien": "J. R. Tolkien",
        "McDonald": "McDonald", "Zoë": "Zoë", "my name is ada and I'm calling about tomorrow": "Ada",
    },
    "es": {
        "me llamo Ada Lovelace": "Ada Lovelace", "soy Ada": "Ada", "Ada García López": "Ada García López", "Mi nombre es Juan": "Juan",
        "María de la Cruz": "María de la Cruz", "mi nombre es Juan y quiero una pizza": "Juan", "habla Pedro Ruiz": "Pedro Ruiz",
        "juan pérez": "Juan Pérez", "a nombre de Núñez": "Núñez",
    },
    "de": {
        "ich heiße Ada Lovelace": "Ada Lovelace", "ich bin Ada": "Ada", "Mein Name ist Karl von der Heide": "Karl von der Heide",
        "Jürgen Müller": "Jürgen Müller", "hier ist Anna Schmidt": "Anna Schmidt", "Anna Schmidt am Apparat": "Anna Schmidt",
        "auf den Namen Weber": "Weber", "Ja, Anna Schmidt": "Anna Schmidt",
    },
}  # fmt: skip
NO_NAMES = {
    "en": [
        "the weather is nice", "I want to cancel my appointment", "what do you mean?", "I'm hungry", "yes", "no idea", "no",
        "why do you need that", "I'm not sure", "can you hear me", "two large pizzas", "hello", "I am calling about my order",
        "it's raining", "tomorrow", "That is not important.", "sorry?", "I don't want to say", "do you speak Spanish", "my name is not important",
        "Blue cars drive fast", "1985", "it hurts when I walk", "I'm driving right now", "what is your name", "hang on", "",
    ],
    "es": ["hace buen tiempo", "quiero cancelar mi cita", "¿qué quiere decir?", "no sé", "tengo hambre", "estoy cansado", "hola",
           "¿me oye?", "mañana por la tarde"],
    "de": ["das Wetter ist schön", "ich möchte meinen Termin absagen", "was meinen Sie?", "keine Ahnung", "ich bin müde", "hallo",
           "ich habe Hunger", "können Sie mich hören", "morgen"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "said", "name"), [(tag, said, name) for tag, table in ASKED.items() for said, name in table.items()]
)
def test_names_are_heard(hear, language, said, name):
    assert hear("person_name", said, language) == name


@pytest.mark.parametrize(("language", "said"), [(tag, said) for tag, table in NO_NAMES.items() for said in table])
def test_sentences_are_no_names(hear, language, said):
    assert hear("person_name", said, language) is None
    assert hear("person_name", said, language, asked=False) is None


@pytest.mark.parametrize(
    ("language", "said", "name"),
    [
        ("en", "I'm Ada Lovelace, and I'd like a large margherita", "Ada Lovelace"), ("en", "my name is ada", "Ada"),
        ("en", "two pizzas please, this is Ada speaking", "Ada"), ("en", "Ada Lovelace", None), ("en", "I'm Swedish cooking fan", None),
        ("en", "I'm ready", None), ("es", "me llamo ada y quiero dos", "Ada"), ("es", "Ada Ruiz", None),
        ("de", "ich heiße Ada und hätte gern zwei", "Ada"), ("de", "Ada Weber", None),
    ],
)  # fmt: skip
def test_in_passing_a_name_must_be_introduced(hear, language, said, name):
    assert hear("person_name", said, language, asked=False) == name


def test_the_place_of_a_name_is_told(listen):
    said = "Hi, I'm Ada Lovelace, and I'd like a large margherita"
    heard = listen("person_name", said, asked=False)
    assert (said[heard.start : heard.end], heard.named) == ("Ada Lovelace", True)
    assert listen("person_name", "Ada").named is False


def test_a_name_must_fit_its_options(hear):
    assert hear("person_name", "Al", min_length=3) == "That is too short."


def test_spaces_are_tidied_in_names_that_are_set(types, today):
    assert types["person_name"].check(" Ada   Lovelace ", PersonOptions(), today) == "Ada Lovelace"
    with pytest.raises(ValueError, match="a text is needed"):
        types["person_name"].check(3, PersonOptions(), today)


def test_the_question_is_about_the_caller_where_the_slot_is(types):
    assert types["person_name"].question("patient_name", "en") == "May I have your name?"
    assert types["person_name"].question("doctor", "en") == "What is the name of the doctor?"
