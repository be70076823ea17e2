"""Sentences that no question expects: what they set by accident, as a share."""

from __future__ import annotations

import pytest

from framework.slots.phrases import correction, declines

UNEXPECTED = {
    "en": [
        "the weather is nice today",
        "I saw two movies last night",
        "my dog ate my homework",
        "can you play some music",
        "what's the capital of France",
        "I need to feed the cat",
        "it's raining cats and dogs",
        "the train was late again",
        "do you like football",
        "my brother lives in Boston",
        "I'm cooking dinner right now",
        "the stock market crashed",
        "she said no to him",
        "there is no parking here",
        "I have been waiting for an hour",
        "I'll call you back later",
        "how old are you",
        "turn the lights off",
        "who won the game yesterday",
        "that's a large dog you have",
        "you're breaking up",
        "I can't hear you",
        "hold on a second",
        "let me grab a pen",
        "the kids are at school",
        "my phone battery is low",
        "I lost my keys again",
        "is this a robot",
        "one moment please",
        "I'm just looking around",
        "nice talking to you",
        "tell me a joke",
        "what's your favorite color",
        "my back hurts",
        "I paid too much for this",
        "the line is really bad",
        "somebody is at the door",
        "just give me a minute",
        "where are you located",
        "I think you have the wrong number",
        "sorry I was talking to my wife",
        "okay so anyway",
        "right so as I was saying",
        "well I don't know about that",
        "the first time I called nobody answered",
        "it took four days to arrive",
        "I read it in the newspaper",
        "we went to Spain in May",
        "the second season was better",
        "never mind that",
    ],
    "es": [
        "hoy hace mucho calor",
        "mi perro se comió la tarea",
        "¿puede poner música?",
        "el tren llegó tarde",
        "tengo que darle de comer al gato",
        "me duele la espalda",
        "un momento, por favor",
        "no le oigo bien",
        "mi hermano vive en Madrid",
        "estoy cocinando",
        "¿quién ganó el partido?",
        "alguien llama a la puerta",
        "perdí las llaves",
        "he esperado una hora",
        "se cortó la línea",
        "me gusta el fútbol",
        "los niños están en la escuela",
        "creo que se ha equivocado de número",
        "la primera vez nadie contestó",
        "cuénteme un chiste",
    ],
    "de": [
        "heute ist es sehr warm",
        "mein Hund hat die Hausaufgaben gefressen",
        "können Sie Musik spielen",
        "der Zug kam zu spät",
        "ich muss die Katze füttern",
        "mein Rücken tut weh",
        "einen Moment bitte",
        "ich höre Sie schlecht",
        "mein Bruder wohnt in Berlin",
        "ich koche gerade",
        "wer hat das Spiel gewonnen",
        "jemand ist an der Tür",
        "ich habe meine Schlüssel verloren",
        "ich warte seit einer Stunde",
        "die Leitung ist schlecht",
        "ich mag Fußball",
        "die Kinder sind in der Schule",
        "da haben Sie sich verwählt",
        "beim ersten Mal ging niemand ran",
        "erzählen Sie einen Witz",
    ],
}
NODES = [
    ("integer", {}), ("number", {}), ("boolean", {}), ("date", {}), ("date", {"prefer": "past"}), ("person_name", {}),
    ("enum", {"values": {"margherita": ["margarita"], "pepperoni": [], "four_cheese": [], "hawaiian": []}}),
    ("enum", {"values": ["small", "medium", "large"]}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), NODES, ids=[f"{name}-{index}" for index, (name, _) in enumerate(NODES)])
@pytest.mark.parametrize("language", UNEXPECTED)
def test_at_most_one_in_twenty_unexpected_sentences_sets_a_slot(hear, language, name, options):
    taken = [said for said in UNEXPECTED[language] if hear(name, said, language, **options) is not None]
    assert len(taken) * 20 <= len(UNEXPECTED[language]), taken


@pytest.mark.parametrize("language", UNEXPECTED)
def test_in_passing_no_unexpected_sentence_sets_a_slot(hear, language):
    for name, options in NODES[:7]:
        taken = [
            said for said in UNEXPECTED[language] if hear(name, said, language, asked=False, name="count", **options)
        ]
        assert taken == [], name


@pytest.mark.parametrize("language", UNEXPECTED)
def test_no_unexpected_sentence_corrects_or_refuses(language):
    assert [said for said in UNEXPECTED[language] if correction(said, language) or declines(said, language)] == []
