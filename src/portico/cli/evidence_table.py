"""``portico evidence table`` and ``show``: the published figures one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from portico.cli.evidence_files import AsJson, CsvOption, HtmlOption
from portico.cli.help_text import help_text

if TYPE_CHECKING:
    from portico.knowledge import Arm, Result, Study

__all__ = ["SHOW_HELP", "TABLE_HELP", "show_study", "table"]

TABLE_HELP: Final = help_text(
    "Every published figure of the library in a row, with its arm, time, interval and level of verification. Filters may be joined.",
    [
        "portico evidence table --setting spine --endpoint local_failure",
        "portico evidence table --regimen 24/2 --csv out/table.csv",
        "portico evidence table --question bone-postop-lf-crude",
        "portico evidence table --design rct --json",
    ],
    {0: "fine", 1: "no figure fits", 3: "a file cannot be written"},
)
SHOW_HELP: Final = help_text(
    "Show a study: its record, its figures, and which questions they answer or why not.",
    ["portico evidence show rosen-2021", "portico evidence show kang-2022 --json"],
    {0: "fine", 2: "usage; also an id that the library does not have"},
)
_COLUMNS: Final = (
    "study",
    "year",
    "design",
    "population",
    "arm",
    "regimen",
    "outcome",
    "months",
    "figure",
    "events of n",
    "verified",
    "what",
)


def table(
    question: Annotated[
        str | None, typer.Option("--question", help="Figures on a question, with their place.", metavar="ID")
    ] = None,
    setting: Annotated[
        str | None, typer.Option("--setting", help="spine, non_spine, mixed or any.", metavar="WORD")
    ] = None,
    directness: Annotated[
        str | None,
        typer.Option("--directness", help="post_operative, intact_bone, re_irradiation, mixed…", metavar="WORD"),
    ] = None,
    design: Annotated[str | None, typer.Option("--design", help="rct, retrospective_cohort…", metavar="WORD")] = None,
    regimen: Annotated[
        str | None, typer.Option("--regimen", help="Dose in Gy and fractions of the arm, such as 24/2.", metavar="GY/N")
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", help="Outcome code, such as local_failure.", metavar="CODE")
    ] = None,
    level: Annotated[
        str | None, typer.Option("--level", help="full_text, abstract, secondary or derived.", metavar="WORD")
    ] = None,
    csv: CsvOption = None,
    html: HtmlOption = None,
    as_json: AsJson = False,
) -> None:
    """Print the figures that fit.

    Raises
    ------
    UsageError : ``unknown-word``, ``regimen-form``, ``unknown-question``
    """
    from portico.cli.evidence_files import csv_text, page_file, table_of, write_files
    from portico.cli.library import open_library
    from portico.cli.output import plain_table, show, show_json
    from portico.report.evidence_json import Asked, figures_json, figures_of

    library = open_library()
    asked = Asked(question, setting, directness, design, regimen, endpoint, level)
    figures = figures_of(library, asked)
    found, places = figures.rows, figures.places
    rows = [_row(*one) for one in found]
    columns = list(_COLUMNS)
    if places is not None:
        columns.insert(-1, "place")
        rows = [(*row[:-1], places[row[0]], row[-1]) for row in rows]
    files: Any = [] if csv is None else [(csv, csv_text(columns, rows))]
    title = "Figures of the library" if question is None else library.questions[question].asks
    files += page_file(html, title, lambda: [_section(title, table_of(title, columns, rows))])
    write_files(files)
    if as_json:
        show_json(figures_json(figures))
    else:
        show(plain_table(columns, rows) if rows else "No figure fits.")
        show(f"{len(rows)} figures of {len({study.id for study, _, _ in found})} studies.")
    raise typer.Exit(0 if rows else 1)


def _section(title: str, found: Any) -> Any:
    from portico.report.evidence_page import Section

    return Section(title, tables=(found,))


def _row(study: Study, arm: Arm, result: Result) -> tuple[str, ...]:
    return (
        study.id,
        "" if study.year is None else str(study.year),
        study.design,
        f"{study.site}, {study.directness}",
        arm.id,
        _dose(arm),
        result.outcome,
        "" if result.months is None else f"{result.months:g}",
        _figure(result),
        "" if result.n is None else f"{'' if result.events is None else f'{result.events} of '}{result.n}",
        study.verified,
        f"{result.label}{f' ({result.versus})' if result.versus else ''}{' [shown only]' if result.display_only else ''}",
    )


def _dose(arm: Arm) -> str:
    def span(one: float | None, low: float | None, high: float | None) -> str:
        if one is not None:
            return f"{one:g}"
        return f"{low:g}-{high:g}" if low is not None and high is not None else "?"

    dose = span(arm.dose_gy, arm.dose_low_gy, arm.dose_high_gy)
    count = span(arm.fractions, arm.fractions_low, arm.fractions_high)
    boost = "" if arm.boost_dose_gy is None else f"+{arm.boost_dose_gy:g}"
    return arm.technique if dose == count == "?" else f"{dose}{boost} Gy/{count}"


def _figure(result: Result) -> str:
    share = result.unit == "proportion"

    def text(value: float) -> str:
        return f"{100 * value:g} %" if share else f"{value:g}"

    if result.est is None:
        return f"p {result.p}" if result.p is not None else ""
    unit = "" if share or result.unit is None else f" {result.unit}"
    interval = (
        ""
        if result.lo is None or result.hi is None
        else f" ({text(result.lo)} to {text(result.hi)}, {result.interval})"
    )
    return f"{text(result.est)}{unit}{interval}"


def show_study(
    study_id: Annotated[str, typer.Argument(help="Id of the study.", metavar="ID")], as_json: AsJson = False
) -> None:
    """Show one study.

    Raises
    ------
    UsageError : ``unknown-record``
    """
    from portico.cli.library import open_library
    from portico.cli.output import plain_table, show, show_json
    from portico.cli.record_text import record_lines
    from portico.report.evidence_json import places_of, study_json, study_of
    from portico.report.record_json import record_plain

    library = open_library()
    if as_json:
        show_json(study_json(library, study_id))
        return
    found = study_of(library, study_id)
    places = places_of(library, found)
    plain = record_plain(found)
    for line in record_lines({key: value for key, value in plain.items() if key not in ("arms", "results")}):
        show(line)
    arms = {arm.id: arm for arm in found.arms}
    if found.results:
        show("")
        keep = [4, 5, 6, 7, 8, 9, 11]
        show(
            plain_table(
                [_COLUMNS[i] for i in keep],
                [[_row(found, arms[one.arm], one)[i] for i in keep] for one in found.results],
            )
        )
    show("")
    show(plain_table(["question", "place", "why"], places) if places else "No question asks for its figures.")
