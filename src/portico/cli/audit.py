"""``portico audit``: a registry against the rules; what was done, how practice varies, and what followed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from portico.cli.help_text import help_text
from portico.errors import Exit, ReadingRefused, UsageError
from portico.intended_use import INTENDED_USE_SHORT

if TYPE_CHECKING:
    from portico.runs import Where

__all__ = ["HELP", "audit"]

#: The word instead of a file that asks for the data dictionary.
_DICTIONARY: Final = "dictionary"
_ENGINES: Final[Mapping[str, Where]] = {"local": "here", "processes": "processes", "ray": "ray"}

HELP: Final = help_text(
    "Audit a registry of courses: each against the rules of one patient's advice, variation between centres, intervals, referral, and "
    "local failure with death competing. Every row is used or refused with its reason. A run that was stopped goes on when it is "
    f"started again. {INTENDED_USE_SHORT}",
    [
        "portico audit registry.parquet --out audit",
        "portico audit registry.csv --map columns.yaml --out audit --html audit/report.html",
        "portico audit registry.csv --pdf audit/report.pdf --table-by prescribed_option --adjusted",
        "portico audit registry.csv --research-export for-research",
        'portico audit registry.csv --study-export studies --department "Radiotherapy, Example" --study-name example',
        "portico audit registry.parquet --engine ray --workers 4",
        "portico audit results.parquet --out audit",
        "portico audit dictionary",
        "portico audit dictionary --redcap --out redcap.csv",
    ],
    {
        0: "audited, and every row was used",
        1: "audited, and rows were refused: see validation.csv; of an archive: an item is not met",
        3: "the file is refused: no table, no keys, invented and real patients mixed",
        4: "audited, and not one row could be used; of an archive: an item cannot be told, or a study was refused",
    },
)


def audit(
    file: Annotated[
        str,
        typer.Argument(
            help="Registry as CSV or Parquet, or results of portico check --archive; or the word dictionary.",
            metavar="FILE|dictionary",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Folder of the results (NAME.audit when left out); FILE for the dictionary.", metavar="PATH"
        ),
    ] = None,
    columns: Annotated[
        Path | None,
        typer.Option("--map", help="YAML or JSON: column of the registry to the heading in the file.", metavar="FILE"),
    ] = None,
    threshold: Annotated[
        int | None, typer.Option("--threshold", help="The smallest count that is shown (5).", metavar="N", min=1)
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the report as HTML.", metavar="FILE")] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Write the report as PDF.", metavar="FILE")] = None,
    table_by: Annotated[
        str, typer.Option("--table-by", help="Groups of Table 1 in the report: centre, or a column with categories.")
    ] = "centre",
    adjusted: Annotated[
        bool,
        typer.Option(
            "--adjusted", help="In the report: weighted comparisons with balance and E-values, scores against deaths."
        ),
    ] = False,
    research_export: Annotated[
        Path | None, typer.Option("--research-export", help="Write the registry without identifiers.", metavar="DIR")
    ] = None,
    research_form: Annotated[
        str, typer.Option("--research-form", help="Form of that registry: parquet or csv.", metavar="WORD")
    ] = "parquet",
    fewest: Annotated[
        int,
        typer.Option(
            "--fewest",
            help="Patients who share a combination of centre, age, cancer and bone there.",
            metavar="N",
            min=2,
        ),
    ] = 5,
    study_export: Annotated[
        Path | None, typer.Option("--study-export", help="Write the figures as study records (study/1).", metavar="DIR")
    ] = None,
    department: Annotated[
        str | None, typer.Option("--department", help="Name of the department in a study record.", metavar="TEXT")
    ] = None,
    study_name: Annotated[
        str | None, typer.Option("--study-name", help="Short name in the id of a study record.", metavar="WORD")
    ] = None,
    signed_by: Annotated[
        str | None,
        typer.Option("--signed-by", help="Who answers for the figures of a study record.", metavar='"NAME, ROLE"'),
    ] = None,
    engine: Annotated[
        str, typer.Option("--engine", help="Where parts are judged: local, processes, or ray (extra cluster).")
    ] = "local",
    workers: Annotated[
        int | None, typer.Option("--workers", help="Workers of processes and ray; one a core.", metavar="N", min=1)
    ] = None,
    redcap: Annotated[bool, typer.Option("--redcap", help="The dictionary as REDCap takes it in.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")] = False,
) -> int:
    """Audit a registry, or print its data dictionary.

    Raises
    ------
    UsageError : ``unknown-engine``, ``only-for-dictionary``, ``unknown-column``, ``other-settings``
    InputRefused : see :func:`portico.cohort.audit.audit`
    ReadingRefused : the map cannot be read: ``bad-map`` and the codes of :func:`portico.reading.read_document`
    """
    if file == _DICTIONARY:
        return _dictionary(out, redcap=redcap)
    if redcap:
        raise UsageError("--redcap belongs to portico audit dictionary.", code="only-for-dictionary")
    if engine not in _ENGINES:
        raise UsageError("There is no such engine.", code="unknown-engine", fix="Give local, processes or ray.")
    from portico.cohort.audit_archive import is_archive

    if is_archive(Path(file)):
        return _plans(
            Path(file), out, threshold, given=[columns, html, pdf, research_export, study_export], as_json=as_json
        )
    from portico.cli.audit_exports import check_exports, write_reports, write_research, write_studies
    from portico.cli.audit_text import audit_text
    from portico.cli.output import counting_bar, say, show, show_json, shown_path
    from portico.cohort.audit import RESULT, THRESHOLD, VALIDATION, audit_registry

    path, names = Path(file), None if columns is None else _map(columns)
    check_exports(study_export, department, study_name, signed_by, research_export)
    folder = Path(f"{path.stem}.audit") if out is None else out
    bar = counting_bar("rows")
    result = audit_registry(
        path, folder, names=names, threshold=threshold or THRESHOLD,
        where=_ENGINES[engine], workers=workers, progress=bar,
    )  # fmt: skip
    written = [folder / RESULT, folder / VALIDATION]
    written += write_reports(result, path, names, html, pdf, table_by, adjusted=adjusted)
    if research_export is not None:
        written += write_research(path, names, research_export, research_form, fewest)
    if study_export is not None:
        written += write_studies(path, names, study_export, department or "", study_name or "", signed_by)
    status = Exit.FINE if not result.rows.refused else Exit.FINDINGS if result.rows.used else Exit.CANNOT_TELL
    if as_json:
        import json

        show_json({**json.loads(result.to_json()), "exit_status": int(status)})
    else:
        show(audit_text(result))
    for one in written:
        say(f"Written: {shown_path(one)}")
    return int(status)


def _plans(file: Path, out: Path | None, threshold: int | None, *, given: list[Path | None], as_json: bool) -> int:
    from portico.cli.audit_archive import audit_plans
    from portico.cohort.audit import THRESHOLD

    if any(one is not None for one in given):
        raise UsageError("The results of an archive take --out, --threshold and --json only.", code="archive-options")
    folder = Path(f"{file.stem}.audit") if out is None else out
    return audit_plans(file, folder, threshold=threshold or THRESHOLD, as_json=as_json)


def _dictionary(out: Path | None, *, redcap: bool) -> int:
    from portico.cli.output import save, say, show, shown_path
    from portico.cohort.dictionary import dictionary_csv, redcap_csv

    text = redcap_csv() if redcap else dictionary_csv()
    if out is None:
        show(text.rstrip("\n"))
    else:
        save(out, text)
        say(f"Written: {shown_path(out)}")
    return int(Exit.FINE)


def _map(path: Path) -> dict[str, str]:
    from portico.reading import read_document

    value: Any = read_document(path).value
    if not isinstance(value, Mapping) or not all(isinstance(one, str) for pair in value.items() for one in pair):
        raise ReadingRefused(
            "The map is no list of column: heading.", code="bad-map", file=path.name,
            fix="Write one line for each column, such as `course_key: Fallnummer`.",
        )  # fmt: skip
    return dict(value)
