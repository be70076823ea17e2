"""Yes, no, and what people say instead."""

from __future__ import annotations

import pytest

from framework.slots.phrases import yes_no

YES = {
    "en": [
        "yes", "Yes.", "yeah", "yep", "sure", "Sure, why not.", "of course", "that's right", "Yes, that is correct.", "correct",
        "uh huh", "I guess so", "go ahead", "sounds good", "absolutely", "yes please", "OK", "right", "no, wait, yes",
        "Yes. Yes.", "well, yes", "I think so", "it is", "definitely", "exactly", "yup, that's me", "You bet.",
    ],
    "es": ["sí", "Si.", "claro", "claro que sí", "por supuesto", "vale", "así es", "sí, por favor", "correcto", "de acuerdo",
           "exacto", "está bien", "sí, claro"],
    "de": ["ja", "Ja, genau.", "genau", "richtig", "das stimmt", "klar", "na klar", "natürlich", "gerne", "doch", "ja bitte",
           "auf jeden Fall", "ja, das ist richtig"],
}  # fmt: skip
NO = {
    "en": [
        "no", "No.", "nope", "nah", "not really", "no thanks", "No, thank you.", "that's wrong", "No, that's not right.",
        "absolutely not", "of course not", "not at all", "I don't think so", "no no no", "never", "that is not correct",
        "no way", "not today", "wrong", "yes, no, no", "I'd rather not", "Actually, no.", "no, I meant Thursday",
    ],
    "es": ["no", "no, gracias", "claro que no", "para nada", "de ninguna manera", "creo que no", "no es correcto", "incorrecto",
           "en absoluto"],
    "de": ["nein", "nein danke", "stimmt nicht", "das stimmt nicht", "auf keinen Fall", "nicht wirklich", "lieber nicht",
           "natürlich nicht", "nee", "falsch"],
}  # fmt: skip
NEITHER = {
    "en": [
        "the weather is nice", "right now I'm driving", "no idea", "no one told me", "I don't know", "yes or no", "maybe",
        "what do you mean?", "I want to cancel my appointment", "sure is a nice cat you have there", "okay computer play music",
        "correct me if this costs too much", "nothing compares to you", "", "...", "hm",
    ],
    "es": ["no sé", "si puedo ir mañana", "hace buen tiempo", "quiero cancelar mi cita", "¿qué quiere decir?", "tal vez"],
    "de": ["keine Ahnung", "weiß nicht", "das Wetter ist schön", "ich möchte meinen Termin absagen", "vielleicht", "was meinen Sie?"],
}  # fmt: skip


def told(table):
    return [(language, said) for language, sentences in table.items() for said in sentences]


@pytest.mark.parametrize(("language", "said"), told(YES))
def test_yes(language, said):
    assert yes_no(said, language) is True


@pytest.mark.parametrize(("language", "said"), told(NO))
def test_no(language, said):
    assert yes_no(said, language) is False


@pytest.mark.parametrize(("language", "said"), told(NEITHER))
def test_neither(language, said):
    assert yes_no(said, language) is None


def test_other_languages_are_heard_as_english():
    assert yes_no("yes", "fr") is True


def test_in_passing_only_the_slots_name_counts(listen):
    assert listen("boolean", "yes", asked=False, name="delivery") is None
    assert listen("boolean", "delivery is yes", asked=False, name="delivery").value is True


def test_only_true_and_false_are_set(types, today):
    assert types["boolean"].check(True, None, today) is True
    assert types["boolean"].check("false", None, today) is False
    for wrong in ("yes", 1, None, "no"):
        with pytest.raises(ValueError, match="`true` or `false`"):
            types["boolean"].check(wrong, None, today)
