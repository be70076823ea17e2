"""The small language of conditions and {{ placeholders }}, parsed before any call and never run by Python."""

from __future__ import annotations

from framework.flows.expressions.errors import EvaluationError, ExpressionError, Problem
from framework.flows.expressions.expression import Expression, parse
from framework.flows.expressions.state import StateTemplate
from framework.flows.expressions.template import Template
from framework.flows.expressions.types import ANY, Type
from framework.flows.expressions.values import canonical

__all__ = [
    "ANY",
    "EvaluationError",
    "Expression",
    "ExpressionError",
    "Problem",
    "StateTemplate",
    "Template",
    "Type",
    "canonical",
    "parse",
]
