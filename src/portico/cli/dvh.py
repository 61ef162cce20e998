"""``portico dvh``: histograms and metrics of a plan, without a Directive."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from portico.cli.help_text import help_text
from portico.cli.plan_source import EndCapOption, FromOption, MatchOption, NamesOption, PlanOption, StudyOption
from portico.errors import Problem, UsageError
from portico.intended_use import ANALYSIS_USE_SHORT

if TYPE_CHECKING:
    from portico.dosimetry import PlanCheck

__all__ = ["HELP", "dvh"]

_NOTHING: Final[tuple[Problem, ...]] = ()

HELP: Final = help_text(
    f"Dose-volume histograms and metrics of a plan in DICOM. {ANALYSIS_USE_SHORT}",
    [
        "portico dvh PLAN_DIR",
        "portico dvh plan.zip --metric D95% --metric V20Gy --json",
        "portico dvh PLAN_DIR --csv out/dvh.csv --html out/dvh.html",
        "portico dvh dose.nrrd --dose-unit Gy --labels masks.nii.gz --match SpinalCord=7",
        "portico dvh --from http://127.0.0.1:8042/dicom-web --study 1.2.3",
    ],
    {
        0: "every target and organ with contours has its histogram",
        3: "the files are refused; nothing is written",
        4: "a structure, or all of them, cannot be told; the others are shown",
    },
)


def dvh(
    plan: Annotated[Path | None, typer.Argument(help="Folder, zip archive or file.", metavar="PLAN")] = None,
    metric: Annotated[
        list[str] | None, typer.Option("--metric", help="Metric to print, e.g. D95%, V20Gy; repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document, with the curves.")] = False,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write the curves as a table.", metavar="FILE")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the report as HTML.", metavar="FILE")] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Write the report as PDF.", metavar="FILE")] = None,
    bin_gy: Annotated[float, typer.Option("--bin", help="Width of a dose bin in Gy.", metavar="GY")] = 0.1,
    end_cap: EndCapOption = "tapered",
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            help="Label map (NIfTI, NRRD) instead of contours; name its labels by --match SpinalCord=7.",
            metavar="FILE",
        ),
    ] = None,
    dose_unit: Annotated[
        str | None,
        typer.Option(
            "--dose-unit", help="Gy or cGy: unit of a dose in NIfTI or NRRD, which state none.", metavar="UNIT"
        ),
    ] = None,
    uid: PlanOption = None,
    url: FromOption = None,
    study: StudyOption = None,
    names: NamesOption = None,
    match: MatchOption = None,
) -> None:
    """Histograms of every structure.

    Raises
    ------
    UsageError : ``same-file``, ``bin-width``, ``unit-without-labels``; the codes of :mod:`portico.cli.plan_source` and
        :mod:`portico.cli.label_source`
    InputRefused : what the readers refuse
    """
    from portico.cli.dvh_data import dvh_csv, dvh_data
    from portico.cli.library import open_library
    from portico.cli.output import show_json
    from portico.cli.plan_reports import plan_reports, save_reports, say_written, separate_files
    from portico.cli.plan_source import end_cap_of, matches_of, names_of, plan_set_of, progress_line, study_of
    from portico.directive import parse_metric
    from portico.dosimetry import CheckOptions, label_histograms, plan_histograms

    metrics = [parse_metric(text) for text in metric or ()]
    rule, chosen = end_cap_of(end_cap), matches_of(match)
    if not 0.001 <= bin_gy <= 10.0:
        raise UsageError("A dose bin is from 0.001 to 10 Gy wide.", code="bin-width")
    separate_files((csv, html, pdf), (plan, labels))
    library = open_library()
    options = CheckOptions(end_cap=rule, names=names_of(names), chosen=chosen, progress=progress_line())
    if labels is not None:
        from portico.cli.label_source import called_of, dose_beside_labels
        from portico.rt import read_labels

        dose = dose_beside_labels(plan, dose_unit, url, study, uid)
        options = replace(options, chosen={})
        check, refused = label_histograms(read_labels(labels), dose, called_of(chosen), library, options), _NOTHING
    else:
        if dose_unit is not None:
            raise UsageError("--dose-unit belongs to --labels: DICOM states its unit.", code="unit-without-labels")
        found_study = study_of(plan, url, study)
        check, refused = plan_histograms(plan_set_of(found_study, uid), library, options), found_study.refused
    data = dvh_data(check, refused, metrics, bin_gy)
    files: list[tuple[Path, bytes | str]] = [] if csv is None else [(csv, dvh_csv(check, bin_gy))]
    files += plan_reports(check, library, html, pdf)
    save_reports(files)
    if as_json:
        show_json(data)
    else:
        _print(check, data)
    say_written(files)
    raise typer.Exit(data["exit_status"])


def _print(check: PlanCheck, data: dict[str, Any]) -> None:
    from portico.cli.output import number, plain_table, show
    from portico.intended_use import ANALYSIS_USE

    show(ANALYSIS_USE)
    show()
    for finding in data["findings"]:
        show(f"Note: {finding['message']}")
    for note in check.notes:
        show(f"Note: {note}")
    show(f"End-cap rule: {data['end_cap']['rule'] or 'none applies'} ({data['end_cap']['says']})")
    rows = []
    for one in data["structures"]:
        own = [f"{key} {number(value)} {unit}" for key, (value, unit) in _texts(one).items()]
        rows.append(
            [
                one["name"] + (f" = {one['label']}" if one["label"] != one["name"] else ""),
                "" if one["matched"] == "exact" else one["matched"],
                number(one["volume_cm3"]) if one["volume_cm3"] is not None else "",
                number(one["min_gy"]) if one["min_gy"] is not None else "",
                number(one["mean_gy"]) if one["mean_gy"] is not None else "",
                number(one["max_gy"]) if one["max_gy"] is not None else "",
                one["problem"]["message"] if one["problem"] else "; ".join(own),
            ]
        )
    show(plain_table(["structure", "match", "cm3", "min Gy", "mean Gy", "max Gy", "metrics"], rows))


def _texts(one: dict[str, Any]) -> dict[str, tuple[float | None, str]]:
    return {key: (entry["value"], entry["unit"]) for key, entry in one["metrics"].items()}
