"""The document ``advice/1`` as JSON text, with the parts that depend on the library alone written once.

The text is that of ``json.dumps(advice.to_dict(), ensure_ascii=False, separators=(",", ":"))``. Statements, limits, doses and
published figures are the same objects in every advice of one engine; their text is kept by identity, beside the object
itself, so that an identity never comes to mean another object.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import fields, is_dataclass
from json.encoder import encode_basestring
from typing import Any, Final

from portico.advice.model import Advice, LevelDose, LimitRow, OrderStep, Outcome, PooledOutcome, Statement
from portico.intended_use import INTENDED_USE

__all__ = ["advice_text"]

_KEPT_TUPLES: Final = frozenset({Outcome, PooledOutcome, LevelDose, LimitRow})
_KEPT: Final = frozenset({Statement, Outcome, PooledOutcome, LevelDose, LimitRow})
#: Objects whose text is kept, each of some hundred bytes; beyond, all are forgotten.
_MOST: Final = 5000
_texts: Final[dict[int, tuple[object, str]]] = {}
_steps: Final[dict[OrderStep, str]] = {}
#: For each class the quoted names of its fields with their colon, and the names.
_names: Final[dict[type, tuple[tuple[str, str], ...]]] = {}


def advice_text(advice: Advice) -> str:
    """The document.

    >>> from portico.advice import advise
    >>> from portico.case import case_from
    >>> from portico.knowledge import load_library
    >>> advice_text(advise(case_from({"schema": "case/1"}), load_library()))[:21]
    '{"schema":"advice/1",'

    Raises
    ------
    ValueError : a number is not finite
    """
    head = {
        "schema": "advice/1",
        "intended_use": INTENDED_USE,
        "exit_status": advice.exit_status,
        "signing_blocked": advice.signing_blocked,
    }
    return f"{_text(head)[:-1]},{_text(advice)[1:]}"


def _text(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return repr(value)
    if kind is float:
        if not math.isfinite(value):
            raise ValueError("a number is not finite")
        return repr(value)
    if kind is tuple and value and type(value[0]) in _KEPT_TUPLES:  # an engine holds these as a whole
        return _kept(value) or _keep(value, f"[{','.join([_text(item) for item in value])}]")
    if kind is tuple or kind is list:
        return f"[{','.join([_text(item) for item in value])}]"
    if kind is dict:
        return f"{{{','.join([f'{encode_basestring(key)}:{_text(item)}' for key, item in value.items()])}}}"
    if isinstance(value, dt.date):
        return encode_basestring(value.isoformat())
    return _object(value, kind)


def _object(value: Any, kind: type) -> str:
    if kind is OrderStep:  # made anew each time, and only a few differ
        return _steps.get(value) or _step(value)
    if kind in _KEPT:
        return _kept(value) or _keep(value, _fields(value, kind))
    return _fields(value, kind)


def _fields(value: Any, kind: type) -> str:
    names = _names.get(kind)
    if names is None:
        if not is_dataclass(value):
            raise TypeError(f"{kind.__name__} is not part of an advice")
        names = _names[kind] = tuple((f"{encode_basestring(f.name)}:", f.name) for f in fields(value))
    return f"{{{','.join([quoted + _text(getattr(value, name)) for quoted, name in names])}}}"


def _step(value: OrderStep) -> str:
    if len(_steps) >= _MOST:
        _steps.clear()
    return _steps.setdefault(value, _fields(value, OrderStep))


def _kept(value: object) -> str | None:
    found = _texts.get(id(value))
    return found[1] if found is not None and found[0] is value else None


def _keep(value: object, text: str) -> str:
    if len(_texts) >= _MOST:
        _texts.clear()
    _texts[id(value)] = (value, text)
    return text
