"""Sounds that are not speech, made from a seed: silence, clicks, knocks, noise, hum, tones, breath, coughs."""

from __future__ import annotations

import numpy as np

RATE = 16_000


def clips(each=6, seed=7):
    """Name and samples of every sound, the same every time."""
    return [
        (
            f"{make.__name__} {number}",
            np.clip(make(np.random.default_rng([seed, place, number])), -1, 1).astype(np.float32),
        )
        for place, make in enumerate((silence, clicks, knocks, noise, hum, tone, breath, cough))
        for number in range(each)
    ]


def silence(random):
    return random.standard_normal(_length(random)) * random.uniform(1e-5, 1e-3)


def clicks(random):
    sound = random.standard_normal(_length(random)) * 1e-4
    for start in random.integers(0, len(sound) - 80, random.integers(1, 9)):
        sound[start : start + 40] += random.uniform(0.3, 0.9) * random.standard_normal(40) * np.exp(-np.arange(40) / 8)
    return sound


def knocks(random):
    sound = random.standard_normal(_length(random)) * 1e-4
    for start in random.integers(0, len(sound) - 4000, random.integers(1, 5)):
        time = np.arange(4000) / RATE
        sound[start : start + 4000] += 0.7 * np.sin(2 * np.pi * random.uniform(90, 260) * time) * np.exp(-time * 45)
    return sound


def noise(random):
    """From white to brown."""
    white = random.standard_normal(_length(random))
    return _smoothed(white, random.uniform(0.0, 0.98)) * random.uniform(0.02, 0.25)


def hum(random):
    time = np.arange(_length(random)) / RATE
    pitch = random.choice([50, 60, 100, 120])
    return sum(random.uniform(0.02, 0.2) * np.sin(2 * np.pi * pitch * k * time) for k in (1, 2, 3, 5))


def tone(random):
    """A dial tone, a beep, or two keys."""
    time = np.arange(_length(random)) / RATE
    pair = random.choice([350, 440, 697, 852, 941, 1209, 1336, 1000], 2)
    gate = (np.sin(2 * np.pi * random.uniform(0.5, 3) * time) > random.uniform(-1, 0.5)).astype(float)
    return 0.25 * gate * (np.sin(2 * np.pi * pair[0] * time) + np.sin(2 * np.pi * pair[1] * time))


def breath(random):
    sound = _smoothed(random.standard_normal(_length(random)), 0.6)
    shape = np.sin(np.pi * np.linspace(0, random.integers(1, 4), len(sound))) ** 2
    return 0.08 * sound * shape


def cough(random):
    """One to three bursts: a sharp attack, formant-like bands of noise, a quick fall."""
    sound = random.standard_normal(_length(random)) * 1e-4
    at = int(0.15 * RATE)
    for _ in range(random.integers(1, 4)):
        length = int(random.uniform(0.12, 0.3) * RATE)
        if at + length >= len(sound):
            break
        time = np.arange(length) / RATE
        burst = sum(_band(random, length, pitch) for pitch in (500, 1100, 2600))
        sound[at : at + length] += random.uniform(0.2, 0.5) * burst * np.minimum(1, time * 80) * np.exp(-time * 14)
        at += length + int(random.uniform(0.05, 0.2) * RATE)
    return sound


def _length(random):
    return int(random.uniform(0.6, 2.5) * RATE)


def _smoothed(white, part):
    """A one-pole low pass, normalised."""
    out, last = np.empty_like(white), 0.0
    for place, value in enumerate(white):
        last = part * last + (1 - part) * value
        out[place] = last
    return out / (np.abs(out).std() * 4 + 1e-9)


def _band(random, length, pitch):
    """Noise around a pitch: its spectrum times a bell."""
    spectrum = np.fft.rfft(random.standard_normal(length))
    distance = (np.fft.rfftfreq(length, 1 / RATE) - pitch) / (0.25 * pitch)
    band = np.fft.irfft(spectrum * np.exp(-(distance**2)), length)
    return band / (np.abs(band).max() + 1e-9)
