"""How well the offline stack hears: a table of utterances, by several voices, clean and in noise; and what is no answer."""

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from callers import TABLE, higher, in_room, listened, piper, robot
from noises import clips

SOUND_DB = 10
EVERY = 4
"""Of the other voices' utterances every fourth is listened to: what they say is printed, no bar rests on it."""

CLOSED = ("agree", "born", "day", "count", "member", "order", "help")
"""Nodes that don't take any words."""


def told(line):
    """The figures are the point of these tests: `pytest -s` shows them."""
    print(line)  # noqa: T201


def fits(want, got):
    """An order is right when every slot it should fill is."""
    return got is not None and want.items() <= got.items() if isinstance(want, dict) else got == want


def heard(rows, say, snr_db):
    """Right and all, by node; prints what went wrong."""

    def one(row):
        node, text, want = row
        outcome = listened(node, in_room(say(text), snr_db, text))
        return node, fits(want, outcome.got), f"{node}: {text} → {outcome.text or '–'} → {outcome.got}"

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(one, rows))
    for _, right, line in results:
        if not right:
            told(f"    {line}")
    return Counter(node for node, right, _ in results if right), Counter(node for node, _, _ in results)


def measured(name, rows, say):
    """The share that is right, clean and in noise."""
    shares = []
    for snr_db in (None, SOUND_DB):
        right, every = heard(rows, say, snr_db)
        by_node = ", ".join(f"{node} {right[node]}/{count}" for node, count in every.items())
        label = "clean" if snr_db is None else f"{snr_db} dB"
        told(f"{name}, {label}: {right.total()}/{every.total()} ({by_node})")
        shares.append(right.total() / every.total())
    return shares


def rows_of(part):
    return [(node, text, want) for node, rows in TABLE[part].items() for text, want in rows]


@pytest.mark.timeout(600)
def test_the_best_voice_is_heard_right_clean_and_in_noise():
    rows = rows_of("test")
    assert len(rows) >= 100
    clean, noisy = measured("piper", rows, piper)
    assert clean >= 0.90
    assert noisy >= 0.80


@pytest.mark.timeout(600)
def test_other_voices_and_spelled_letters_are_heard_to_some_extent():
    some = rows_of("test")[::EVERY]
    measured("piper, spelled letters", rows_of("spelled"), piper)
    measured("piper an eighth higher", some, higher)
    for voice in ("en-us", "en-gb+f3"):
        clean, _ = measured(f"espeak {voice}", some, robot(voice))
        assert clean > 0.3, "an intelligible voice is understood somewhat, or the recogniser is broken"


@pytest.mark.timeout(600)
def test_silence_clicks_noise_and_coughs_set_no_slot_and_fire_no_intent():
    sounds = clips(6)
    assert len(sounds) >= 40
    taken = []
    for place, (name, samples) in enumerate(sounds):
        for node in (CLOSED[place % len(CLOSED)], "name"):
            outcome = listened(node, samples)
            if outcome.got is not None:
                taken.append(f"{node}: {name} → {outcome.text} → {outcome.got}")
    told(f"\nnoises taken for something: {len(taken)} of {2 * len(sounds)} {taken}")
    assert len(taken) <= 0.05 * 2 * len(sounds)


@pytest.mark.timeout(600)
def test_sentences_that_the_node_does_not_expect_are_refused():
    taken, count = [], 0
    for text in TABLE["unexpected"]:
        audio = in_room(piper(text), None, text)
        for node in CLOSED:
            outcome, count = listened(node, audio), count + 1
            if outcome.got is not None:
                taken.append(f"{node}: {text} → {outcome.text} → {outcome.got}")
    told(f"\nunexpected sentences taken for an answer: {len(taken)} of {count} {taken}")
    assert len(taken) <= 0.10 * count
