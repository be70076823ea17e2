"""The interrupts that every flow has: what they mean, and how people say it."""

from __future__ import annotations

from collections.abc import Iterable

ON = ("correct", "repeat", "hold")
"""Those that count without a word in the flow."""
NAMES = (*ON, "human", "cancel")
"""All of them; `human` and `cancel` count once a flow says what they do."""

INTENTS: dict[str, str] = {
    "correct": "corrects something said before",
    "repeat": "asks to hear the last words again",
    "hold": "asks to wait for a moment",
    "human": "asks for a person",
    "cancel": "wants to stop and leave it",
}

EXAMPLES: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "repeat": (
            "repeat that", "can you repeat that", "could you repeat that", "repeat the question", "say that again",
            "can you say that again", "could you say that again", "come again", "pardon", "pardon me", "excuse me",
            "what did you say", "what was that", "i didn't hear you", "i didn't catch that", "once more",
            "one more time", "again", "repeat",
        ),
        "hold": (
            "hold on", "hold on a second", "hold on a moment", "hang on", "hang on a second", "one moment",
            "just a moment", "one second", "just a second", "a moment", "give me a second", "give me a minute",
            "give me a moment", "wait a minute", "wait a second", "wait", "just a minute", "one minute",
            "let me check", "let me look", "let me think",
        ),
        "human": (
            "agent", "operator", "human", "a real person", "representative", "let me speak to someone",
            "can i talk to a person", "i want to speak to a human", "talk to an agent", "put me through to someone",
            "speak to a representative",
        ),
        "cancel": (
            "cancel", "cancel that", "forget it", "never mind", "stop", "i changed my mind", "leave it",
            "i don't want this any more",
        ),
    },
    "es": {
        "repeat": (
            "repita", "repite", "puede repetir", "puede repetirlo", "puedes repetirlo", "otra vez", "una vez más",
            "cómo", "qué ha dicho", "qué dijo", "no le he oído", "no lo he oído", "no he entendido", "perdón",
            "cómo dice",
        ),
        "hold": (
            "espere", "espera", "un momento", "un segundo", "un minuto", "espere un momento", "espera un momento",
            "deme un momento", "dame un segundo", "déjeme ver", "déjame ver", "déjeme pensar",
        ),
        "human": (
            "agente", "operador", "operadora", "una persona", "quiero hablar con una persona", "hablar con alguien",
            "páseme con un agente", "quiero hablar con un agente",
        ),
        "cancel": ("cancelar", "cancela", "cancélelo", "olvídelo", "déjelo", "da igual", "he cambiado de idea", "pare"),
    },
    "de": {
        "repeat": (
            "wiederholen", "können sie das wiederholen", "kannst du das wiederholen", "noch einmal", "nochmal",
            "wie bitte", "was haben sie gesagt", "was hast du gesagt", "das habe ich nicht verstanden",
            "ich habe sie nicht gehört", "sagen sie das noch einmal",
        ),
        "hold": (
            "moment", "einen moment", "einen augenblick", "augenblick", "eine sekunde", "sekunde", "warten sie",
            "warte", "warten sie einen moment", "eine minute", "ich schaue nach", "ich muss nachsehen",
            "lassen sie mich überlegen",
        ),
        "human": (
            "mitarbeiter", "einen mitarbeiter", "ein mensch", "einen menschen",
            "ich möchte mit einem menschen sprechen", "kann ich mit jemandem sprechen", "verbinden sie mich",
            "zum kundendienst",
        ),
        "cancel": (
            "abbrechen", "vergessen sie es", "vergiss es", "schon gut", "stopp", "ich habe es mir anders überlegt",
            "lassen wir das",
        ),
    },
}  # fmt: skip
"""Language → interrupt → how people say it."""

POLITE: dict[str, tuple[str, ...]] = {
    "en": ("please", "sorry", "um", "uh", "okay", "ok", "hey", "oh", "well", "yeah", "yes", "so"),
    "es": ("por favor", "perdón", "perdone", "eh", "vale", "bueno", "sí", "oiga"),
    "de": ("bitte", "entschuldigung", "äh", "ähm", "okay", "ok", "ja", "also", "oh"),
}
"""Words around a request that change nothing."""


def examples(name: str, languages: Iterable[str]) -> tuple[str, ...]:
    """How people say it, in all of these languages; in English where none of them is known."""
    known = [language[:2] for language in languages if language[:2] in EXAMPLES] or ["en"]
    return tuple(dict.fromkeys(said for language in known for said in EXAMPLES[language].get(name, ())))


def bare(text: str, language: str) -> str:
    """A folded text without polite words at its ends.

    >>> bare("sorry can you repeat that please", "en")
    'can you repeat that'
    """
    words = POLITE.get(language[:2], POLITE["en"])
    before = ""
    while text != before:
        before = text
        for word in words:
            text = text.removeprefix(f"{word} ").removesuffix(f" {word}")
    return text
