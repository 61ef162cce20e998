"""``portico check --archive``: every study of a folder, in parallel, resumable, into one Parquet file.

One row for each item of each study. Studies are known by a hash of their place; names of folders, files and structures stay out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from portico.errors import Exit, UsageError
from portico.runs import Where

__all__ = ["COLUMNS", "Judge", "check_archive"]

#: Name of a Directive beside the files of its study.
OWN_DIRECTIVE: Final = "directive.json"
#: Columns of a row beside the study and its status: name and kind (text, number, whole number).
COLUMNS: Final[Mapping[str, str]] = {
    "directive_hash": "text",
    "exit_status": "whole",
    "item": "whole",
    "kind": "text",
    "item_code": "text",
    "roi": "text",
    "matched": "text",
    "defined_on": "text",
    "metric": "text",
    "value": "number",
    "unit": "text",
    "op": "text",
    "limit": "number",
    "verdict": "text",
    "why": "text",
    "limit_id": "text",
    "source_id": "text",
    "verified": "text",
}


@dataclass(frozen=True, slots=True)
class Judge:
    """Checks one study; travels to the workers.

    Parameters
    ----------
    directive : text of the Directive for every study; None takes ``directive.json`` beside each study's files
    end_cap, names, hardware : as for one plan
    """

    directive: str | None
    end_cap: Any
    names: Sequence[Mapping[str, Any]] | None
    hardware: bool

    def __call__(self, study: Path) -> list[dict[str, Any]]:
        """Rows of one study, one for each item."""
        from portico.directive import directive_from, read_directive
        from portico.dosimetry import CheckOptions, check_plan
        from portico.reading import parse_json
        from portico.rt import read_study

        if self.directive is not None:
            directive = directive_from(parse_json(self.directive, name="directive").value)
        else:
            directive = read_directive(study / OWN_DIRECTIVE)
        found = read_study(study)
        options = CheckOptions(end_cap=self.end_cap, names=self.names, hardware=self.hardware, unusable=found.refused)
        result = check_plan(found.plan_set(), directive, _library(), options).result
        assert result is not None
        rows = []
        for number, item in enumerate(result.items):
            data = item.model_dump(mode="json")
            data |= {
                "directive_hash": result.directive_hash, "exit_status": result.exit_status, "item": number,
                "item_code": item.code,
            }  # fmt: skip
            rows.append({name: data[name] for name in COLUMNS})
        return rows


_LIBRARY: list[Any] = []


def _library() -> Any:
    """The shipped library, loaded once in each process."""
    if not _LIBRARY:
        from portico.knowledge import load_library

        _LIBRARY.append(load_library())
    return _LIBRARY[0]


def check_archive(
    archive: Path,
    directive: Path | None,
    out: Path | None,
    *,
    workers: int,
    engine: str,
    end_cap: Any,
    names: Sequence[Mapping[str, Any]] | None,
    hardware: bool,
    as_json: bool,
) -> int:
    """Check an archive and write its table.

    Returns
    -------
    1 when an item of a study is not met; else 4 when a study was refused, failed or has an item that cannot be told; else 0

    Raises
    ------
    UsageError : ``no-out``, ``unknown-engine``; the codes of :func:`portico.interop.run_archive`
    """
    from portico import __version__
    from portico.cli.output import counting_bar, make_parent, say, show_json, shown_path
    from portico.directive import read_directive
    from portico.interop import run_archive
    from portico.knowledge import load_library

    if out is None:
        raise UsageError("--archive needs --out.", code="no-out")
    if engine not in ("processes", "ray"):
        raise UsageError("There is no such engine.", code="unknown-engine", fix="Give processes or ray.")
    text = None
    if directive is not None:
        read_directive(directive)
        text = directive.read_text(encoding="utf-8")
    make_parent(out)
    judge = Judge(text, end_cap, names, hardware)
    settings = {
        "directive": text, "end_cap": end_cap, "names": names, "hardware": hardware, "software": __version__,
        "knowledge": load_library().version,
    }  # fmt: skip
    where: Where = "ray" if engine == "ray" else ("processes" if workers > 1 else "here")
    summary = run_archive(
        archive,
        out,
        judge,
        columns=COLUMNS,
        settings=settings,
        workers=workers,
        where=where,
        progress=counting_bar("studies"),
    )
    counts = summary.counts("verdict")
    if counts.get("not_met"):
        status = Exit.FINDINGS
    elif (
        set(summary.statuses) - {"checked"}
        or counts.get("cannot_tell")
        or counts.get("no_limit")
        or not summary.studies
    ):
        status = Exit.CANNOT_TELL
    else:
        status = Exit.FINE
    data = {
        "schema": "check-archive/1",
        "studies": summary.studies,
        "done_before": summary.done_before,
        "status": dict(summary.statuses),
        "verdicts": counts,
        "rows": summary.rows,
        "exit_status": int(status),
    }
    if as_json:
        show_json(data)
    else:
        from portico.cli.output import show
        from portico.intended_use import ANALYSIS_USE_SHORT

        show(ANALYSIS_USE_SHORT)
        show(f"{summary.studies} studies ({summary.done_before} done before), {summary.rows} rows")
        show("  ".join(f"{name}: {number}" for name, number in sorted(summary.statuses.items())))
        show("  ".join(f"{name}: {number}" for name, number in sorted(counts.items())))
    say(f"Written: {shown_path(out)}")
    return int(status)
