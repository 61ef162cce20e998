"""The word that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

__all__ = ["did_you_mean"]

#: Share of matching characters from which a word counts as a slip of another.
_NEAR: Final = 0.6
#: Longer words are no slips, and comparing them costs time.
_LONGEST_WORD: Final = 100


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """Nearest of the choices, or None when none is near.

    >>> did_you_mean("histolgy", ["histology", "side"])
    'histology'
    >>> did_you_mean("xyz", ["histology"]) is None
    True

    Parameters
    ----------
    word : what was written; case does not matter
    choices : what could have been written; of equally near ones the first wins
    """
    if len(word) > _LONGEST_WORD:
        return None
    folded: dict[str, str] = {}
    for choice in choices:
        folded.setdefault(choice.casefold(), choice)
    near = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=_NEAR)
    return folded[near[0]] if near else None
