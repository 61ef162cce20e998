"""The report of an import: each element of the bundle used, ignored or doubtful, with what it answered and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["ImportReport", "Line", "State"]

State = Literal["used", "ignored", "doubtful"]


@dataclass(frozen=True, slots=True)
class Line:
    """One element of the bundle.

    Parameters
    ----------
    place : in the bundle, by position and never by an identifier of the resource: ``entry[3].valueInteger``
    kind : type of the resource
    answer : place in the case that it answered, or would have; None when it answers nothing
    value : what was taken, or would have been
    says : one sentence, why
    """

    state: State
    place: str
    kind: str
    says: str
    answer: str | None = None
    value: Any = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data; ``answer`` and ``value`` only where there are some."""
        made = {"state": self.state, "place": self.place, "kind": self.kind, "says": self.says}
        if self.answer is not None:
            made["answer"] = self.answer
        if self.value is not None:
            made["value"] = self.value
        return made


@dataclass(slots=True)
class ImportReport:
    """Lines in the order in which they were found."""

    lines: list[Line] = field(default_factory=list)
    _seen: set[tuple[str, str, str, str | None, str]] = field(default_factory=set, repr=False)

    def add(self, state: State, place: str, kind: str, says: str, answer: str | None = None, value: Any = None) -> None:
        """Add a line; one that says the same of the same place is added once."""
        line = Line(state, place, kind, says, answer, value)
        key = (state, place, says, answer, repr(value))
        if key not in self._seen:
            self._seen.add(key)
            self.lines.append(line)

    def of(self, state: State) -> Sequence[Line]:
        """Lines of one state."""
        return [line for line in self.lines if line.state == state]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, schema ``fhir-import/1`` without the case."""
        counts = Counter(line.state for line in self.lines)
        return {
            "counts": {state: counts[state] for state in ("used", "ignored", "doubtful")},
            "lines": [line.to_dict() for line in self.lines],
        }
