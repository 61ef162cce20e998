"""One tree of exceptions; every leaf has a machine code and an exit status.

    PorticoError
    ├── UsageError               exit 2   the command line or call is wrong
    ├── InputRefused             exit 3   what was given cannot be used
    │   ├── ReadingRefused                file: size, depth, syntax, duplicates, encoding, archive
    │   ├── CaseRefused                   a case that contradicts itself or cannot be read
    │   ├── KnowledgeRefused              a record of the library that fails its checks
    │   ├── DirectiveRefused              a Directive or signature that does not hold
    │   └── QuantityRefused               a number without unit, with a wrong unit, or implausible
    ├── Blocked                  exit 1   asked for something a rule forbids (signing while a gate is open)
    └── CannotTell               exit 4   a model is out of its range, or data are missing

Exit codes of every verb: 0 fine; 1 findings or not met; 2 usage; 3 input refused; 4 cannot tell;
130 interrupted.

An error says what, where (file, path in the document, line) and what to do. It never carries a patient
identifier: values from a case are named by their path, and only short, closed-vocabulary values are echoed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ClassVar, Self

__all__ = [
    "Blocked",
    "CannotTell",
    "CaseRefused",
    "DirectiveRefused",
    "Exit",
    "InputRefused",
    "KnowledgeRefused",
    "PorticoError",
    "Problem",
    "QuantityRefused",
    "ReadingRefused",
    "UsageError",
]


class Exit(IntEnum):
    """Exit status of every verb."""

    FINE = 0
    FINDINGS = 1
    USAGE = 2
    REFUSED = 3
    CANNOT_TELL = 4
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in one place.

    Parameters
    ----------
    code : machine code, lower-case words joined by hyphens, e.g. ``"dose-without-unit"``
    message : one sentence, what is wrong
    path : place in the document, e.g. ``"surgeries[0].date"``; empty when the whole document is meant
    file : file name as given by the user; None when the input was not a file
    line : 1-based line number; None when unknown
    fix : one sentence, what to do; empty when the message says it
    """

    code: str
    message: str
    path: str = ""
    file: str | None = None
    line: int | None = None
    fix: str = ""

    def __str__(self) -> str:
        where = self.file or ""
        if self.line is not None:
            where = f"{where}:{self.line}" if where else f"line {self.line}"
        if self.path:
            where = f"{where}: {self.path}" if where else self.path
        text = f"{where}: {self.message}" if where else self.message
        return f"{text} {self.fix}" if self.fix else text

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary for ``--json``; keys in alphabetical order, absent places as None."""
        return {
            "code": self.code,
            "file": self.file,
            "fix": self.fix,
            "line": self.line,
            "message": self.message,
            "path": self.path,
        }


class PorticoError(Exception):
    """Root of the tree.

    Parameters
    ----------
    message : one sentence
    code : machine code; the class default when left out
    path, file, line, fix : see :class:`Problem`
    problems : several problems found together; when given, ``message`` is their summary
    """

    exit_status: ClassVar[Exit] = Exit.REFUSED
    default_code: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        path: str = "",
        file: str | None = None,
        line: int | None = None,
        fix: str = "",
        problems: tuple[Problem, ...] = (),
    ) -> None:
        self.problem = Problem(code or self.default_code, message, path, file, line, fix)
        self.problems = problems or (self.problem,)
        super().__init__(str(self.problem))

    @classmethod
    def from_problems(cls, problems: Sequence[Problem], message: str | None = None) -> Self:
        """One error that carries several problems; it has the place, code and fix of the first.

        Parameters
        ----------
        problems : at least one
        message : summary; the first problem's message when left out
        """
        first = problems[0]
        return cls(
            first.message if message is None else message,
            code=first.code,
            path=first.path,
            file=first.file,
            line=first.line,
            fix=first.fix,
            problems=tuple(problems),
        )

    @property
    def code(self) -> str:
        """Machine code of the (first) problem."""
        return self.problem.code

    def to_dict(self) -> dict[str, Any]:
        """``{"error": {...}, "problems": [...]}`` for ``--json``."""
        return {"error": self.problem.to_dict(), "problems": [p.to_dict() for p in self.problems]}


class UsageError(PorticoError):
    """The command line or the call is wrong."""

    exit_status = Exit.USAGE
    default_code = "usage"


class InputRefused(PorticoError):
    """What was given cannot be used."""

    default_code = "input-refused"


class ReadingRefused(InputRefused):
    """A file that cannot be read safely: size, depth, syntax, duplicates, encoding, archive."""

    default_code = "reading-refused"


class CaseRefused(InputRefused):
    """A case that contradicts itself or does not follow its schema."""

    default_code = "case-refused"


class KnowledgeRefused(InputRefused):
    """A record of the library that fails its checks."""

    default_code = "knowledge-refused"


class DirectiveRefused(InputRefused):
    """A Directive, limit or signature that does not hold."""

    default_code = "directive-refused"


class QuantityRefused(InputRefused):
    """A number without unit, with the wrong unit, or implausible."""

    default_code = "quantity-refused"


class Blocked(PorticoError):
    """Asked for something that a rule forbids, such as signing while a gate is open."""

    exit_status = Exit.FINDINGS
    default_code = "blocked"


class CannotTell(PorticoError):
    """A model is out of its range, or what it needs is unknown."""

    exit_status = Exit.CANNOT_TELL
    default_code = "cannot-tell"
