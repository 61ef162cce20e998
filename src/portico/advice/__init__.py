"""Advice: rules under three-valued logic, options with their reasons, order, and the proposed Directive."""

from portico.advice import claims as _claims  # noqa: F401  importing the room registers its claims
from portico.advice.advise import advise
from portico.advice.engine import Engine
from portico.advice.explain import explain
from portico.advice.kleene import Truth, compile_node, evaluate, row_checked
from portico.advice.model import Advice, Notice, Option, Statement
from portico.advice.proposal import propose
from portico.advice.signing import sign
from portico.advice.timing import clock_state

__all__ = [
    "Advice",
    "Engine",
    "Notice",
    "Option",
    "Statement",
    "Truth",
    "advise",
    "clock_state",
    "compile_node",
    "evaluate",
    "explain",
    "propose",
    "row_checked",
    "sign",
]
