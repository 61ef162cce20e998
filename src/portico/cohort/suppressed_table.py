"""Small counts hidden in a table of two directions, and enough others that neither totals nor neighbours give them back.

>>> suppress_table([[40, 38], [3, 12], [20, 25]], threshold=5)
[[40, 38, 78], [None, None, 15], [None, None, 45]]

Rows are the values of one variable, columns are groups, and a last column, the sum of the groups, is put beside them. A
reader knows the size of every group and of all, and every count that is shown. A hidden count follows from these exactly
when its place is a bridge in the graph whose nodes are rows and columns and whose edges are the hidden places; so each hidden
place is put on a cycle, by the path of least counts. Besides, what is hidden in a row or column adds up to the threshold.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from portico.cohort.suppression import suppress
from portico.errors import UsageError

__all__ = ["groups_together", "suppress_table"]

_Name = TypeVar("_Name", bound=Hashable)

#: A place in the table: row and column; the column after the last group is the sum.
_Place = tuple[int, int]
#: A nought tells little by being hidden and protects little: it is taken when nothing else is left.
_NOUGHT: Final = 10**12


def suppress_table(
    counts: Sequence[Sequence[int]], *, threshold: int, sums: Sequence[int | None] | None = None
) -> list[list[int | None]] | None:
    """Rows with their sum last; None where a count is hidden.

    Parameters
    ----------
    counts : (rows, groups) courses; with one group the table has one direction and :func:`suppress` is enough
    threshold : the smallest count that is shown; 1 hides nothing. Every group should have as many courses
    sums : the sums of the rows as they are shown elsewhere, None where hidden there; left out, the table decides itself

    Returns
    -------
    the table; None when it cannot be shown beside ``sums`` without giving a hidden count back

    Raises
    ------
    UsageError : ``bad-count``, also when rows are of unequal length
    """
    width = len(counts[0]) if counts else 0
    if threshold < 1 or any(len(row) != width or any(count < 0 for count in row) for row in counts):
        raise UsageError("Counts cannot be negative, and the threshold is 1 or more.", code="bad-count")
    if width == 1:
        alone = suppress([row[0] for row in counts], threshold=threshold) if sums is None else list(sums)
        return [[one, one] for one in alone]
    full = [[*row, sum(row)] for row in counts]
    hidden = {(r, c) for r in range(len(full)) for c in range(width + 1) if 0 < full[r][c] < threshold}
    fixed: set[_Place] = set()
    if sums is not None:
        hidden |= {(r, width) for r, one in enumerate(sums) if one is None}
        fixed = {(r, width) for r, one in enumerate(sums) if one is not None}
    while not hidden & fixed:
        before = len(hidden)
        for line in _lines(len(full), width):
            _fill(full, hidden, line, threshold)
        for place in sorted(hidden):
            path = _cycle(full, hidden, fixed, place)
            if path is None:
                return None
            hidden |= path
        if len(hidden) == before:
            return [[None if (r, c) in hidden else full[r][c] for c in range(width + 1)] for r in range(len(full))]
    return None


def groups_together(sizes: Mapping[_Name, int], *, threshold: int, most: int) -> dict[_Name, _Name | int]:
    """For each group itself, or how many groups stand together where it is put with others.

    >>> groups_together({"a": 40, "b": 30, "c": 3, "d": 2}, threshold=5, most=6)
    {'a': 'a', 'b': 'b', 'c': 2, 'd': 2}

    Groups smaller than ``threshold``, and those after the ``most`` largest, are put together; while they are fewer than
    ``threshold`` in all, the smallest other group joins them.
    """
    order = sorted(sizes, key=lambda one: (-sizes[one], str(one)))
    joined = [one for place, one in enumerate(order) if place >= most or sizes[one] < threshold]
    alone = [one for one in order if one not in joined]
    while joined and alone and sum(sizes[one] for one in joined) < threshold:
        joined.insert(0, alone.pop())
    if len(joined) == 1 and sizes[joined[0]] >= threshold:
        alone, joined = [*alone, *joined], []
    named: dict[_Name, _Name | int] = {one: one for one in sorted(alone, key=lambda one: (one is None, str(one)))}
    return named | dict.fromkeys(joined, len(joined))


def _lines(rows: int, width: int) -> Iterator[list[_Place]]:
    """Places whose sum a reader may know: the groups of a row, the rows of a group, the rows of the sum."""
    for r in range(rows):
        yield [(r, c) for c in range(width)]
    for c in range(width + 1):
        yield [(r, c) for r in range(rows)]


def _fill(full: list[list[int]], hidden: set[_Place], line: list[_Place], threshold: int) -> None:
    """Hide more of a line until its hidden counts are two or more and add up to the threshold."""
    inside = [place for place in line if place in hidden]
    if not inside:
        return
    row = line[0][0] if line[0][0] == line[-1][0] else None
    if row is not None and (row, len(full[row]) - 1) in hidden:
        return  # the sum of the row is not known
    spare = sorted(
        (place for place in line if place not in hidden), key=lambda one: (full[one[0]][one[1]] or _NOUGHT, one)
    )
    while spare and (len(inside) < 2 or sum(full[r][c] for r, c in inside) < threshold):
        inside.append(spare.pop(0))
        hidden.add(inside[-1])
    if row is not None and sum(full[r][c] for r, c in inside) < threshold:
        hidden.add((row, len(full[row]) - 1))


def _cycle(full: list[list[int]], hidden: set[_Place], fixed: set[_Place], place: _Place) -> set[_Place] | None:
    """Places to hide so that ``place`` lies on a cycle: the path of least counts from its row to its column; None without one."""
    rows, columns = len(full), len(full[0])
    start, goal = place[0], rows + place[1]
    best = {start: 0}
    came: dict[int, int] = {}
    queue = [(0, start)]
    while queue:
        cost, node = heapq.heappop(queue)
        if node == goal:
            break
        if cost > best[node]:
            continue
        for other in range(rows, rows + columns) if node < rows else range(rows):
            step = (node, other - rows) if node < rows else (other, node - rows)
            if step == place or step in fixed:
                continue
            price = cost + (0 if step in hidden else full[step[0]][step[1]] or _NOUGHT)
            if price < best.get(other, price + 1):
                best[other], came[other] = price, node
                heapq.heappush(queue, (price, other))
    if goal not in came:
        return None
    found: set[_Place] = set()
    node = goal
    while node in came:
        above = came[node]
        found.add((above, node - rows) if above < rows else (node, above - rows))
        node = above
    return found
