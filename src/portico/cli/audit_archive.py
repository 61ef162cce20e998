"""``portico audit`` of an archive of plans: the table that ``portico check --archive`` wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from portico.errors import Exit

__all__ = ["ARCHIVE_RESULT", "audit_plans"]

#: The result in the folder of the audit.
ARCHIVE_RESULT: Final = "archive.json"
_MOST: Final = 30


def audit_plans(path: Path, folder: Path, *, threshold: int, as_json: bool) -> int:
    """Count, write, and say.

    Returns
    -------
    1 when an item of a study is not met; else 4 when a study was refused or failed or has an item that cannot be told; else 0
    """
    import json

    from portico.cli.output import plain_table, save, say, show, show_json, shown_path
    from portico.cohort.audit_archive import audit_archive
    from portico.cohort.suppression import suppress
    from portico.intended_use import ANALYSIS_USE_SHORT

    found = audit_archive(path)
    save(folder / ARCHIVE_RESULT, found.to_json())
    status = Exit.FINE
    if found.not_met:
        status = Exit.FINDINGS
    elif found.cannot_tell or found.checked < found.studies or not found.studies:
        status = Exit.CANNOT_TELL

    def shown(*counts: int) -> list[str]:
        return ["hidden" if one is None else f"{one:,}" for one in suppress(counts, threshold=threshold)]

    if as_json:
        show_json({**json.loads(found.to_json()), "exit_status": int(status)})
    else:
        show(ANALYSIS_USE_SHORT)
        show(
            f"{found.studies:,} studies = {found.checked:,} checked + {found.refused:,} refused + {found.failed:,} failed."
        )
        body = []
        for one in found.items:
            if one.met or one.not_met or one.cannot_tell or one.no_limit:
                limit = "" if one.limit is None else f"{one.metric} {one.op} {one.limit:g} {one.unit or ''}".strip()
                name = " ".join(part for part in (one.roi, limit) if part) or "the plan"
                body.append([one.item_code or "", *shown(one.met, one.not_met, one.cannot_tell + one.no_limit), name])
        body.sort(key=lambda row: (row[0], row[-1]))
        if body:
            show(plain_table(["item", "met", "not met", "cannot tell", "of"], body[:_MOST]))
        if len(body) > _MOST:
            show(f"{len(body) - _MOST} more items stand in {ARCHIVE_RESULT}.")
    say(f"Written: {shown_path(folder / ARCHIVE_RESULT)}")
    return int(status)
