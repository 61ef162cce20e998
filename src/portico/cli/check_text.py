"""A plan check on the terminal: what cannot be passed over first, then what holds, then what is only worth knowing."""

from __future__ import annotations

from typing import Final

from portico.cli.output import plain_table, show
from portico.directive import CheckItem, CheckResult
from portico.dosimetry import PlanCheck
from portico.errors import Exit
from portico.intended_use import ANALYSIS_USE

__all__ = ["show_check"]

_ORDER: Final = (
    ("no_limit", "NO LIMIT", "Nothing binds here: a person must judge"),
    ("not_met", "NOT MET", "Not met"),
    ("cannot_tell", "CANNOT TELL", "Cannot be told, and why"),
    ("met", "met", "Met"),
    ("info", "info", "For information"),
)
_STATUS: Final = {
    Exit.FINE: "every item is met",
    Exit.FINDINGS: "an item is not met",
    Exit.CANNOT_TELL: "no item fails, and one cannot be told or has no limit",
}


def show_check(check: PlanCheck) -> None:
    """Print a check.

    Parameters
    ----------
    check : with a result
    """
    result = check.result
    assert result is not None
    show(ANALYSIS_USE)
    if result.watermark:
        show(f"*** {result.watermark} ***")
    show()
    for note in check.notes:
        show(f"Note: {note}")
    for verdict, word, title in _ORDER:
        rows = [_row(one) for one in result.items if one.verdict == verdict]
        if rows:
            show(f"{title}: {len(rows)}")
            show(plain_table([word, "measured", "limit", "source", "why"], rows))
            show()
    show(_closing(result))


def _closing(result: CheckResult) -> str:
    counts = result.summary
    return (
        f"{counts.no_limit} without limit, {counts.not_met} not met, {counts.cannot_tell} cannot be told, {counts.met} met, "
        f"{counts.info} for information. Structures end by the rule {result.end_cap}. "
        f"Status {result.exit_status}: {_STATUS[Exit(result.exit_status)]}."
    )


def _row(item: CheckItem) -> list[str]:
    name = item.roi or item.structure or item.kind
    if item.matched == "guessed":
        name = f"{name} (guessed: {item.structure})"
    what = item.metric or item.code
    measured = "" if item.value is None else f"{item.value:.2f} {item.unit}"
    limit = "" if item.limit is None else f"{item.op} {item.limit:g} {item.unit}"
    source = f"{item.source_id} ({item.verified})" if item.source_id else ""
    return [f"{name} {what}", measured, limit, source, item.why]
