"""Small counts hidden before a table leaves the house, and enough others that a total cannot give them back.

>>> suppress([40, 3, 12], threshold=5)
[40, None, None]
>>> suppress([40, 12, 0], threshold=5)
[40, 12, 0]
"""

from __future__ import annotations

from collections.abc import Sequence

from portico.errors import UsageError

__all__ = ["suppress"]


def suppress(counts: Sequence[int], *, threshold: int) -> list[int | None]:
    """Counts of parts of a known total; None where a count is hidden.

    A count of 1 up to ``threshold - 1`` is hidden; nought is shown. While the hidden counts add up to less than ``threshold``, or
    only one is hidden, the smallest shown count above nought is hidden as well (the first of equal ones), since the total less
    the shown counts would tell. When none is left to hide, the total must not be shown either.

    Parameters
    ----------
    counts : courses in each part
    threshold : the smallest count that is shown, above 0; 1 hides nothing

    Raises
    ------
    UsageError : ``bad-count`` when a count is negative or the threshold is less than 1
    """
    if threshold < 1 or any(count < 0 for count in counts):
        raise UsageError("Counts cannot be negative, and the threshold is 1 or more.", code="bad-count")
    hidden = {index for index, count in enumerate(counts) if 0 < count < threshold}
    spare = sorted((count, index) for index, count in enumerate(counts) if count >= threshold)
    while hidden and spare and (len(hidden) < 2 or sum(counts[index] for index in hidden) < threshold):
        hidden.add(spare.pop(0)[1])
    return [None if index in hidden else count for index, count in enumerate(counts)]
