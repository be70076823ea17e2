"""The forms of postal codes, by country: what is a digit, what a letter, and where a space or hyphen stands."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import cache, lru_cache

WRITTEN = {
    "999": "BH FO GN IS LS MG OM PG TW",
    "9999": (
        "AF AL AM AR AT AU AZ BD BE BG CC CH CV CX CY DK ET GE GL GW HM HT HU LB LI LR LU MD MK MZ NE NF NO NZ PH PY "
        "SI SJ SV TN VE ZA"
    ),
    "99999": (
        "AS AX BA BL BT CR CU DE DO DZ EE EG EH ES FI FM FR GF GP GT GU HN HR ID IL IQ IT JO KE KH KR KW LA "
        "LK LT MA MC ME MF MH MM MN MP MQ MU MV MX MY NA NC NI NP PE PF PK PM PR PW RE RS SA SD SM SN TH TR "
        "TW TZ UA UM US UY VA VI VN WF XK YT ZM"
    ),
    "999 99": "CZ GR SE SK",
    "99999-9999": "AS FM GU MH MP PR PW US VI",
    "999999": "AM BY CN CO EC IN KG KH KZ NG RO RS RU SG TJ TM TW UZ VN",
    "9999999": "CL IL",
    "9999 9999": "LB",
    "99-999": "PL",
    "9999-999": "PT",
    "999-9999": "JP",
    "99999-999": "BR",
    "99999-99999": "IR",
    "9999 AA": "NL",
    "A999": "SZ",
    "AA999": "AD",
    "AA9999": "BN VC VG",
    "AA99999": "BB",
    "AA 99999": "SO",
    "AA-9999": "LV",
    "AA9-9999": "KY",
    "AA XX": "BM",
    "AAA 9999": "MT",
    "A9999AAA": "AR",
    "A9A 9A9": "CA",
    "A9 9AA": "GB",
    "A99 9AA": "GB",
    "A9A 9AA": "GB",
    "AA9 9AA": "GB GG IM JE",
    "AA99 9AA": "GB GG GI IM JE",
    "AA9A 9AA": "GB",
    "AAAA 9AA": "AC FK GS IO PN SH TA TC",
    "A9X XXXX": "IE",
}
"""Form → the countries that write codes so: `9` a digit, `A` a letter, `X` either, anything else as it stands."""

_BRITISH_AREA = (
    "A[BL]|B[ABDHLNRSTX]?|C[ABFHMORTVW]|D[ADEGHLNTY]|E[CHNX]?|F[KY]|G[LUY]?|H[ADGPRSUX]|I[GMPV]|JE|K[ATWY]|"
    "L[ADELNSU]?|M[EKL]?|N[EGNPRW]?|O[LX]|P[AEHLOR]|R[GHM]|S[AEGKLMNOPRSTWY]?|T[ADFNQRSW]|UB|W[ACDFNRSV]?|YO|ZE"
)
_NOT_ZERO = r"[1-9].*"
_NOT_ZEROS = r"(?!00).*"

NARROWER = {
    **dict.fromkeys(("AT", "BE", "BG", "CH", "HU", "IN", "LU", "PT", "SI"), _NOT_ZERO),
    **dict.fromkeys(("DE", "MX"), _NOT_ZEROS),
    "US": r"(?!00[0-4]).*",
    "CA": r"[ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z] [0-9][ABCEGHJ-NPRSTV-Z][0-9]",
    "ES": r"(?:0[1-9]|[1-4][0-9]|5[0-2])[0-9]{3}",
    "FR": r"(?:0[1-9]|[1-8][0-9]|9[0-8])[0-9]{3}",
    "GB": rf"(?:{_BRITISH_AREA})[0-9][0-9A-Z]? [0-9][ABD-HJLNP-UW-Z]{{2}}",
    "GG": "GY.*",
    "IM": "IM.*",
    "JE": "JE.*",
    "IE": r"[AC-FHKNPRTV-Y](?:[0-9]{2}|6W) [0-9AC-FHKNPRTV-Y]{4}",
    "LV": "LV.*",
    "NL": r"[1-9][0-9]{3} (?!SA|SD|SS)[A-Z]{2}",
}
"""Country → what its codes are beside their form, where that is worth knowing: what was misheard is asked again."""


@cache
def _forms() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for written, countries in WRITTEN.items():
        for form in _either(written):
            for country in countries.split():
                found.setdefault(country, {})[re.sub(r"[^A9]", "", form)] = form
    return found


def _either(form: str) -> Iterator[str]:
    """A form for each way to put a digit or a letter where either may stand."""
    for marks in itertools.product("9A", repeat=form.count("X")):
        one = form
        for mark in marks:
            one = one.replace("X", mark, 1)
        yield one


def forms(country: str) -> dict[str, str]:
    """The forms of a country's codes, each by itself without spaces and hyphens; none where nothing is known.

    >>> forms("US"), forms("XX")
    ({'99999': '99999', '999999999': '99999-9999'}, {})
    """
    return _forms().get(country, {})


def form_of(code: str) -> str:
    """The form that a code has.

    >>> form_of("SW1A1AA")
    'AA9A9AA'
    """
    return re.sub(r"[A-Z]", "A", re.sub(r"[0-9]", "9", code))


@lru_cache(maxsize=1024)
def written(compact: str, country: str) -> str | None:
    """A code, given by its letters and digits, as its country writes it; None when it is none of that country.

    >>> written("SW1A1AA", "GB"), written("99999", "ES")
    ('SW1A 1AA', None)
    """
    form = forms(country).get(form_of(compact))
    if form is None:
        return None
    characters = iter(compact)
    code = "".join(next(characters) if mark in "A9" else mark for mark in form)
    return code if re.fullmatch(NARROWER.get(country, ".*"), code) else None
