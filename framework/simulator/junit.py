"""Results as JUnit XML, which CI systems show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from framework.simulator.play import Failure, Result
from framework.simulator.report import failure_lines

ILLEGAL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML can't hold."""


def junit(results: Sequence[Result]) -> str:
    """One suite a file, one case a scenario."""
    top = ET.Element("testsuites", _counts(results))
    for file in dict.fromkeys(result.file for result in results):
        of_file = [result for result in results if result.file == file]
        suite = ET.SubElement(top, "testsuite", {"name": _clean(file), **_counts(of_file)})
        for result in of_file:
            _case(suite, result)
    ET.indent(top)
    return ET.tostring(top, encoding="unicode", xml_declaration=True) + "\n"


def _counts(results: Sequence[Result]) -> dict[str, str]:
    return {
        "tests": str(len(results)),
        "failures": str(sum(bool(result.failures) for result in results)),
        "skipped": str(sum(bool(result.skipped) for result in results)),
        "errors": "0",
        "time": f"{sum(result.seconds for result in results):.3f}",
    }


def _case(suite: ET.Element, result: Result) -> None:
    about = {"classname": _clean(result.file), "name": _clean(result.name), "time": f"{result.seconds:.3f}"}
    case = ET.SubElement(suite, "testcase", about)
    if result.skipped:
        ET.SubElement(case, "skipped", {"message": _clean(result.skipped)})
    for failure in result.failures:
        told = ET.SubElement(case, "failure", {"message": _clean(_sentence(failure))})
        told.text = _clean("\n".join(failure_lines(result, failure)))


def _sentence(failure: Failure) -> str:
    return f"expected {failure.expected}; {failure.happened}"


def _clean(text: str) -> str:
    return ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
