"""What ``portico audit`` writes beside its result: the report with what needs the rows themselves, a research export, study records."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from portico.errors import InputRefused, UsageError

if TYPE_CHECKING:
    from portico.cohort.audit_result import AuditResult
    from portico.report.evidence_page import Section

__all__ = ["check_exports", "write_reports", "write_research", "write_studies"]


def check_exports(
    study: Path | None, department: str | None, name: str | None, signed_by: str | None, research: Path | None
) -> None:
    """Refuse what would only be found after the audit.

    Raises
    ------
    UsageError : ``department-needed``, ``only-for-study``, ``signer-unnamed``
    InputRefused : ``folder-not-empty``
    """
    if study is not None and (not department or not name):
        raise UsageError(
            "A study record needs a department and a short name.", code="department-needed", fix="Give --department and --study-name."
        )  # fmt: skip
    if study is None and (department or name or signed_by):
        raise UsageError("--department, --study-name and --signed-by belong to --study-export.", code="only-for-study")
    if signed_by is not None and (signed_by.count(",") != 1 or not all(one.strip() for one in signed_by.split(","))):
        raise UsageError("A signature is a name and a role.", code="signer-unnamed", fix='Write "NAME, ROLE".')
    for folder in (study, research):
        if folder is not None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputRefused("The folder for the export is not empty.", code="folder-not-empty", file=folder.name)


def write_reports(
    result: AuditResult,
    path: Path,
    names: Mapping[str, str] | None,
    html: Path | None,
    pdf: Path | None,
    by: str,
    *,
    adjusted: bool,
) -> list[Path]:
    """The report as page and PDF; gives the files that were written.

    Parameters
    ----------
    by : column of the groups of Table 1
    adjusted : whether the comparisons and the calibration of scores are made too

    Raises
    ------
    UsageError : ``unknown-column``
    """
    if html is None and pdf is None:
        return []
    from portico.cli.output import save
    from portico.cohort.effect_tables import effect_tables
    from portico.cohort.prognosis_check import prognosis_check
    from portico.cohort.registry_rows import all_columns
    from portico.cohort.table_one import TABLE_ONE, table_one
    from portico.cohort.used_rows import used_rows
    from portico.errors import CannotTell
    from portico.report.audit_effects import effect_sections, prognosis_section
    from portico.report.audit_page import render_audit_html, render_audit_pdf
    from portico.report.audit_table_one import SHOWN_ELSEWHERE

    columns = [name for name in TABLE_ONE if name not in SHOWN_ELSEWHERE]
    needed = list(dict.fromkeys([*columns, *([by] if by in all_columns() else [])]))
    rows = used_rows(path, names, columns=None if adjusted else needed)
    try:
        table = table_one(rows, by=by, columns=columns, threshold=result.threshold)
    except CannotTell:  # too few courses for any table
        table = None
    more: tuple[Section, ...] = ()
    if adjusted:
        more = (
            *effect_sections(effect_tables(rows), result.threshold),
            prognosis_section(prognosis_check(rows), result.threshold),
        )
    if html is not None:
        save(html, render_audit_html(result, table_one=table, more=more))
    if pdf is not None:
        save(pdf, render_audit_pdf(result, table_one=table, more=more))
    return [one for one in (html, pdf) if one is not None]


def write_research(path: Path, names: Mapping[str, str] | None, folder: Path, form: str, fewest: int) -> list[Path]:
    """The registry without identifiers; gives the files that were written.

    Raises
    ------
    UsageError : ``unknown-option``, ``bad-count``
    """
    from portico.cohort.research_export import research_export
    from portico.cohort.used_rows import used_rows

    made = research_export(used_rows(path, names), folder, form=form, fewest=fewest)  # type: ignore[arg-type]  # it checks the word
    return sorted(made.folder.iterdir())


def write_studies(
    path: Path, names: Mapping[str, str] | None, folder: Path, department: str, name: str, signed_by: str | None
) -> list[Path]:
    """A study record for each site and technique with courses enough; gives the files that were written.

    Raises
    ------
    InputRefused : ``synthetic``
    CannotTell : ``too-few``
    """
    import datetime as dt

    from portico.cli.output import save
    from portico.cohort.study_export import study_exports, study_text
    from portico.cohort.used_rows import used_rows
    from portico.knowledge.own_data import signed_off

    today = dt.date.today()
    made = study_exports(used_rows(path, names), name=name, department=department, year=today.year)
    if signed_by is not None:
        who, role = (one.strip() for one in signed_by.split(","))
        made = tuple(signed_off(one, name=who, role=role, date=today.isoformat()) for one in made)
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / f"{one['id']}.yaml" for one in made]
    for file, one in zip(written, made, strict=True):
        save(file, study_text(one))
    return written
