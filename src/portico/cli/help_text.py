"""The help of every verb: what it does, examples, and its exit codes, in one shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

__all__ = ["COMMON_EXITS", "help_text"]

#: Exit codes that every verb shares; a verb names its own 0, 1, 3 and 4.
COMMON_EXITS: Final[Mapping[int, str]] = {
    2: "usage: the command line is wrong",
    70: "internal error, a fault of the software",
    130: "interrupted",
}


def help_text(summary: str, examples: Sequence[str], exits: Mapping[int, str]) -> str:
    """Help in the form that the parser prints unchanged.

    Parameters
    ----------
    summary : what the verb does, in whole sentences
    examples : command lines, without prompt
    exits : exit code to meaning; the common ones are added
    """
    table = {**exits, **{code: text for code, text in COMMON_EXITS.items() if code not in exits}}
    shown = "\n".join(f"  {example}" for example in examples)
    codes = "\n".join(f"  {code:<4} {table[code]}" for code in sorted(table))
    return f"{summary}\n\n\b\nExamples:\n{shown}\n\n\b\nExit codes:\n{codes}"
