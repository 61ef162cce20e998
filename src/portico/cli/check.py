"""``portico check``: a plan against its Directive; one plan, or an archive of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from portico.cli.help_text import help_text
from portico.cli.plan_source import EndCapOption, FromOption, MatchOption, NamesOption, PlanOption, StudyOption
from portico.errors import UsageError
from portico.intended_use import ANALYSIS_USE_SHORT

if TYPE_CHECKING:
    from portico.dosimetry import CheckOptions

__all__ = ["HELP", "check"]

HELP: Final = help_text(
    "Check a plan in DICOM against its Directive: limits, targets, prescription, identity, integrity, hardware and earlier "
    f"dose, each with its source. {ANALYSIS_USE_SHORT}",
    [
        "portico check PLAN_DIR --directive directive.json",
        "portico check plan.zip --directive directive.json --html out/check.html --pdf out/check.pdf",
        "portico check PLAN_DIR --directive directive.json --earlier courses.yaml --start 2026-04-27",
        "portico check --from http://127.0.0.1:8042/dicom-web --study 1.2.3 --directive directive.json",
        "portico check --archive STUDIES --directive directive.json --out results.parquet --workers 2",
    ],
    {
        0: "every item is met",
        1: "an item is not met",
        3: "the files or the Directive are refused; nothing is written",
        4: "no item fails, and one cannot be told or an organ has no limit",
    },
)

#: What may be stated: no file of a plan holds it.
_STATED: Final = ("algorithm", "density-curve")


def check(
    plan: Annotated[Path | None, typer.Argument(help="Folder, zip archive or file.", metavar="PLAN")] = None,
    directive: Annotated[
        Path | None, typer.Option("--directive", help="The signed Directive (JSON).", metavar="FILE")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write the report as HTML.", metavar="FILE")] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Write the report as PDF.", metavar="FILE")] = None,
    start: Annotated[
        str | None, typer.Option("--start", help="Day of the first fraction, YYYY-MM-DD.", metavar="DATE")
    ] = None,
    earlier: Annotated[
        Path | None, typer.Option("--earlier", help="Earlier courses at this site (YAML or JSON).", metavar="FILE")
    ] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            "--state", help="What no file holds: algorithm=TEXT or density-curve=TEXT; repeatable.", metavar="CODE=TEXT"
        ),
    ] = None,
    hardware: Annotated[bool, typer.Option("--hardware/--no-hardware", help="Look for implants in the CT.")] = True,
    end_cap: EndCapOption = "tapered",
    uid: PlanOption = None,
    url: FromOption = None,
    study: StudyOption = None,
    names: NamesOption = None,
    match: MatchOption = None,
    archive: Annotated[
        Path | None, typer.Option("--archive", help="Check every study of this folder.", metavar="DIR")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Results of --archive (Parquet).", metavar="FILE")] = None,
    workers: Annotated[int, typer.Option("--workers", help="Processes of --archive.", min=1)] = 1,
    engine: Annotated[
        str, typer.Option("--engine", help="Where --archive runs: processes, or ray (extra cluster).")
    ] = "processes",
) -> None:
    """Check one plan or an archive.

    Raises
    ------
    UsageError : ``no-directive``, ``same-file``, ``bad-date``; the codes of :mod:`portico.cli.plan_source`
    InputRefused : what the readers refuse
    """
    from portico.cli.plan_source import end_cap_of, matches_of, names_of
    from portico.dosimetry import CheckOptions

    rule, chosen, table = end_cap_of(end_cap), matches_of(match), names_of(names)
    day = _day(start)
    if archive is not None:
        from portico.cli.check_archive import check_archive

        single = (plan, html, pdf, uid, url, study, earlier, start)
        if any(value is not None for value in single) or chosen:
            raise UsageError("An option for one plan was given with --archive.", code="archive-options")
        status = check_archive(
            archive, directive, out, workers=workers, engine=engine, end_cap=rule, names=table, hardware=hardware,
            as_json=as_json,
        )  # fmt: skip
        raise typer.Exit(status)
    if out is not None:
        raise UsageError("--out belongs to --archive.", code="out-without-archive", fix="Give --html or --pdf.")
    status = _one(
        plan, directive, url, study, uid, html, pdf, as_json=as_json, earlier=earlier,
        options=CheckOptions(end_cap=rule, names=table, chosen=chosen, start=day, stated=_stated(state), hardware=hardware),
    )  # fmt: skip
    raise typer.Exit(status)


def _one(
    plan: Path | None,
    directive: Path | None,
    url: str | None,
    study: str | None,
    uid: str | None,
    html: Path | None,
    pdf: Path | None,
    *,
    as_json: bool,
    earlier: Path | None,
    options: CheckOptions,
) -> int:
    from portico.cli.library import open_library
    from portico.cli.output import show_json
    from portico.cli.plan_reports import plan_reports, save_reports, say_written, separate_files
    from portico.cli.plan_source import plan_set_of, progress_line, study_of
    from portico.directive import read_directive
    from portico.dosimetry import check_plan

    separate_files((html, pdf), (plan, directive, earlier))
    intent = read_directive(directive) if directive is not None else None
    found_study = study_of(plan, url, study)
    found = plan_set_of(found_study, uid)
    if intent is None:
        raise UsageError(
            "A plan is checked against a Directive.", code="no-directive",
            fix="Give --directive FILE, or use `portico dvh` for histograms alone.",
        )  # fmt: skip
    courses: tuple[Any, ...] = ()
    if earlier is not None:
        from portico.cli.earlier_courses import read_earlier

        courses = read_earlier(earlier, found.dose.frame_uid if found.dose is not None else None)
    library = open_library()
    settings = replace(options, earlier=courses, unusable=found_study.refused, progress=progress_line())
    made = check_plan(found, intent, library, settings)
    assert made.result is not None
    files = plan_reports(made, library, html, pdf)
    save_reports(files)
    if as_json:
        show_json(made.result.to_dict())
    else:
        from portico.cli.check_text import show_check

        show_check(made)
    say_written(files)
    return made.result.exit_status


def _stated(pairs: list[str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs or ():
        code, sign, text = pair.partition("=")
        if code not in _STATED or not sign or not text.strip():
            raise UsageError("A statement is CODE=TEXT.", code="statement-form", fix=f"Codes: {', '.join(_STATED)}.")
        found[code] = text.strip()
    return found


def _day(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError("A day is written YYYY-MM-DD.", code="bad-date", path="--start") from None
