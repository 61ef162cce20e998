"""The registry behind ``portico verify``: what is claimed, from which source, and what is computed here.

>>> claims = ClaimSet()
>>> @claims.chapter("biology")
... def bed_of_ten_fractions():
...     yield claim_number("biology", "BED10", source="by hand", expected=39.0, got=39.0, tolerance=1e-9)
>>> [claim.ok for claim in claims.run(None)]
[True]

A room registers its claims when it is imported; this module imports no room. A check that raises, or that
makes no claim at all, becomes a failed claim and never ends the run.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from portico.errors import PorticoError, UsageError

__all__ = ["CLAIMS", "Claim", "ClaimSet", "chapter", "chapters", "claim_equal", "claim_number", "run"]

_Check = Callable[[], Iterable["Claim"]]
_F = TypeVar("_F", bound=_Check)


@dataclass(frozen=True, slots=True)
class Claim:
    """One checked statement.

    Parameters
    ----------
    chapter : name the claim is listed under, e.g. ``"biology"``
    claim : what is claimed, in one line, with its unit
    source : study id, DOI or calculation it is checked against
    expected, got : the published and the computed value; None means no value and is never right as a number
    tolerance : largest allowed difference, in the unit of the value; None for values that are not numbers
    ok : whether the claim holds
    note : what a reader should know, or why a check failed
    """

    chapter: str
    claim: str
    source: str
    expected: Any
    got: Any
    tolerance: float | None
    ok: bool
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The object that ``portico verify --json`` prints; values JSON cannot hold become text."""
        return {
            "chapter": self.chapter,
            "claim": self.claim,
            "source": self.source,
            "expected": _jsonable(self.expected),
            "got": _jsonable(self.got),
            "tolerance": _jsonable(self.tolerance),
            "ok": self.ok,
        }


def _jsonable(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or type(value) in (bool, int, str):
        return value
    if isinstance(value, (list, tuple)):
        return [_jsonable(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return [_jsonable(item) for item in sorted(value, key=str)]
    if isinstance(value, dict):
        return {str(key): _jsonable(item) for key, item in value.items()}
    return str(value)


def _number(value: object) -> float:
    """The value as a float; NaN when it is no number."""
    if value is None or isinstance(value, (bool, str, bytes)):
        return math.nan
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan


def claim_number(
    chapter: str, claim: str, *, source: str, expected: Any, got: Any, tolerance: float, note: str = ""
) -> Claim:
    """Claim that a number equals a published one.

    >>> claim_number("biology", "EQD2", source="by hand", expected=32.5, got=None, tolerance=0.1).ok
    False

    Parameters
    ----------
    chapter, claim, source, note : see :class:`Claim`
    expected, got : numbers in the same unit; None, NaN, infinity, text and booleans are never right
    tolerance : largest allowed absolute difference, zero or more, in that unit

    Raises
    ------
    ValueError : the tolerance is negative or not finite
    """
    if not (math.isfinite(tolerance) and tolerance >= 0):
        raise ValueError("a tolerance must be zero or more and finite")
    ok = abs(_number(got) - _number(expected)) <= tolerance
    return Claim(chapter, claim, source, expected, got, tolerance, ok, note)


def claim_equal(chapter: str, claim: str, *, source: str, expected: Any, got: Any, note: str = "") -> Claim:
    """Claim that a value which is not a measured number equals an expected one, exactly and in the same type.

    >>> claim_equal("rules", "open wound", source="rule timing-1", expected="blocked", got="blocked").ok
    True
    """
    return Claim(
        chapter,
        claim,
        source,
        expected,
        got,
        None,
        type(expected) is type(got) and bool(expected == got),
        note,
    )


class ClaimSet:
    """A registry of checks in the order in which they were registered."""

    def __init__(self) -> None:
        self._checks: dict[tuple[str, str, str], _Check] = {}

    def chapter(self, name: str) -> Callable[[_F], _F]:
        """Register a function that yields claims; a module imported again replaces its own."""

        def register(check: _F) -> _F:
            self._checks[(name, check.__module__, check.__qualname__)] = check
            return check

        return register

    def chapters(self) -> tuple[str, ...]:
        """Chapter names in registered order, each once."""
        return tuple(dict.fromkeys(name for name, _, _ in self._checks))

    def run(self, chapters: Sequence[str] | None = None) -> Iterator[Claim]:
        """Run the checks of the named chapters, or of all, in registered order.

        Parameters
        ----------
        chapters : names; None means all, an empty sequence means none

        Raises
        ------
        UsageError : ``unknown-chapter``, at once and before any check runs
        """
        known = self.chapters()
        for name in chapters or ():
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"Did you mean {near[0]}? " if near else ""
                fix = f"{hint}Known chapters: {', '.join(known) or 'none'}."
                raise UsageError("There is no such chapter.", code="unknown-chapter", fix=fix)
        wanted = set(known if chapters is None else chapters)
        return self._run([(key, check) for key, check in self._checks.items() if key[0] in wanted])

    @staticmethod
    def _run(checks: list[tuple[tuple[str, str, str], _Check]]) -> Iterator[Claim]:
        for (name, module, qualname), check in checks:
            made = 0
            try:
                for claim in check():
                    made += 1
                    if claim.chapter != name:
                        claim = replace(claim, chapter=name, ok=False, note=f"claimed under {claim.chapter!r}")
                    yield claim
            except Exception as error:
                detail = f" ({error.code})" if isinstance(error, PorticoError) else ""
                yield _failed(name, module, qualname, f"{type(error).__name__}{detail} was raised")
                continue
            if not made:
                yield _failed(name, module, qualname, "no claim was made")


def _failed(name: str, module: str, qualname: str, why: str) -> Claim:
    return Claim(name, f"{module}.{qualname} runs to its end", "this software", "claims", why, None, False, why)


#: The registry that ``portico verify`` runs.
CLAIMS = ClaimSet()
chapter = CLAIMS.chapter
chapters = CLAIMS.chapters
run = CLAIMS.run
