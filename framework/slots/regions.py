"""The place that a language tag speaks of: whose telephone numbers, postal codes and money are meant."""

from __future__ import annotations

import re
from functools import lru_cache

from pydantic import AfterValidator


@lru_cache(maxsize=64)
def region_of(tag: str) -> str:
    """The country of a language tag; of a bare language, the one where most people speak it.

    >>> region_of("es-MX"), region_of("de"), region_of("en")
    ('MX', 'DE', 'US')
    """
    from babel.core import get_global  # noqa: PLC0415 - only sessions that need a place pay for it

    parts = tag.replace("_", "-").split("-")
    if len(parts) > 1 and re.fullmatch(r"[A-Za-z]{2}", parts[-1]):
        return parts[-1].upper()
    likely = str(get_global("likely_subtags").get(parts[0].lower(), "en_Latn_US"))
    return {"es": "ES"}.get(parts[0].lower(), likely.rsplit("_", 1)[-1])


def _country(code: str | None) -> str | None:
    if code is not None and not re.fullmatch(r"[A-Z]{2}", code):
        raise ValueError(f"`{code}` is no country: write two capitals, such as `US` or `DE`")
    return code


Country = AfterValidator(_country)
"""Marks an option that holds a country's code."""
