"""Whether a value that stands in a file fits where it goes: an argument of a tool, an input of a flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framework.documents.wording import article
from framework.flows.assign import literal_fits, mismatch
from framework.flows.expressions import ANY, ExpressionError, Template, Type
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from framework.flows.subject import Subject


def unfit(subject: Subject, value: Any, wanted: Type) -> tuple[str, str] | None:
    """What is wrong and how to mend it, when a value or what its placeholder gives can't be of the wanted type."""
    if isinstance(value, str) and "{{" in value:
        problem = mismatch(_type(subject, value), wanted)
        return (problem, "") if problem else None
    if literal_fits(value, wanted):
        return None
    fix = did_you_mean(str(value), wanted.values) if wanted.values else ""
    return f"{wanted.words} is expected here, not {article(value)}.", fix


def _type(subject: Subject, text: str) -> Type:
    try:
        template = Template.parse(text)
    except ExpressionError:
        return ANY
    if template.single is None:
        return Type("text") if template.placeholders else ANY
    found, problems = template.single.expression.check(subject.names(None))
    return ANY if problems else found
