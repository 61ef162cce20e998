"""Counts of an audit as they may be shown: small ones hidden within their table, beside its totals, and beside other tables.

>>> counted_text([120, 3, None], total=130)
('120 (92 %)', '3 (2 %)', 'hidden')
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from portico.cohort.audit_result import AuditResult, VerdictCounts
from portico.cohort.suppressed_table import groups_together, suppress_table
from portico.cohort.suppression import suppress

__all__ = [
    "HIDDEN",
    "NOT_STATED",
    "ShownGroups",
    "counted_text",
    "few",
    "group_name",
    "share_text",
    "shown_groups",
    "total_shown",
    "verdicts",
]

HIDDEN: Final = "hidden"
NOT_STATED: Final = "not stated"
#: Groups of one table; further ones stand together.
_MOST: Final = 40


@dataclass(frozen=True, slots=True)
class ShownGroups:
    """Groups with their counts as they may be shown.

    Parameters
    ----------
    names : of the groups; small ones stand together as "3 others together"
    sizes : of the groups
    counts : for each group, the count in each part; None where hidden
    joined : names of the groups that stand together
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    counts: tuple[tuple[int | None, ...], ...]
    joined: frozenset[str]

    def of(self, name: str) -> tuple[int | None, ...] | None:
        """Counts of one group; None when it stands with others."""
        return self.counts[self.names.index(name)] if name in self.names else None


def shown_groups(
    groups: Mapping[str, Sequence[int]], *, threshold: int, sums: Sequence[int | None] | None = None
) -> ShownGroups | None:
    """Counts of groups in the same parts.

    Parameters
    ----------
    groups : name to its courses in each part; the parts make up the group
    threshold : smallest count that is shown
    sums : see :func:`portico.cohort.suppressed_table.suppress_table`

    Returns
    -------
    None when the table cannot be shown: fewer courses in all than the threshold, or it would give a hidden sum back
    """
    sizes = {name: sum(parts) for name, parts in groups.items() if sum(parts)}
    if sum(sizes.values()) < threshold:
        return None
    given = groups_together(sizes, threshold=threshold, most=_MOST)
    parts = len(next(iter(groups.values())))
    made: dict[str, list[int]] = {}
    for name in sizes:
        label = given[name] if isinstance(given[name], str) else f"{given[name]} others together"
        row = made.setdefault(str(label), [0] * parts)
        for place, count in enumerate(groups[name]):
            row[place] += count
    order = [one for one in made if not one.endswith("others together")]
    order += [one for one in made if one not in order]
    table = [[made[name][part] for name in order] for part in range(parts)]
    shown = suppress_table(table, threshold=threshold, sums=sums)
    if shown is None:
        return None
    return ShownGroups(
        tuple(order),
        tuple(sum(made[name]) for name in order),
        tuple(tuple(row[place] for row in shown) for place in range(len(order))),
        frozenset(name for name, label in given.items() if isinstance(label, int)),
    )


def verdicts(groups: Sequence[VerdictCounts], none: str = NOT_STATED) -> dict[str, tuple[int, int, int]]:
    """Groups of courses by verdict: offered, not offered, undetermined."""
    return {
        (none if one.group is None else one.group): (one.offered, one.not_offered, one.undetermined) for one in groups
    }


def share_text(count: int | None, total: int) -> str:
    """A count of a total in percent; empty when it is hidden or there is none."""
    return "" if count is None or not total else f"{100 * count / total:.0f} %"


def counted_text(counts: Sequence[int | None], total: int) -> tuple[str, ...]:
    """Counts with their share of a total."""
    return tuple(
        HIDDEN if one is None else f"{one:,} ({share_text(one, total)})" if total else str(one) for one in counts
    )


def few(count: int, threshold: int) -> str:
    """A count by itself: nought, a number, or that it is below the threshold."""
    return f"under {threshold}" if 0 < count < threshold else f"{count:,}"


def total_shown(result: AuditResult) -> list[int | None]:
    """All courses by verdict: offered, not offered, undetermined; None where hidden."""
    total = result.concordance.total
    return suppress([total.offered, total.not_offered, total.undetermined], threshold=result.threshold)


def group_name(group: str | None) -> str:
    """A group as people read it: the mark of an invented patient stands on the page already."""
    return NOT_STATED if group is None else group.removeprefix("SYNTHETIC-").replace("_", " ")
