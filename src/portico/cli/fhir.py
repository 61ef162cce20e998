"""``portico fhir``: a patient bundle as the draft of a case, and what leaves Portico as FHIR R4."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from portico.cli.help_text import help_text
from portico.errors import Exit, UsageError

if TYPE_CHECKING:
    from portico.interop.fhir_import import Imported

__all__ = ["fhir_app"]

fhir_app = typer.Typer(
    name="fhir", help="FHIR R4: import of a patient bundle, export.", no_args_is_help=False, rich_markup_mode=None
)

IMPORT_HELP: Final = help_text(
    "Read a FHIR R4 bundle of one patient (mCODE 4.0.0, CodeX radiation therapy 2.0.0, German oncology module) into the "
    "draft of a case, and report what was used, ignored and doubtful. What the bundle does not say stays unknown, and what is "
    "doubtful stays unknown too. Look the draft through before you use it.",
    [
        "portico fhir import examples/fhir/femur-postop.json --as-of 2026-03-02 --out case.yaml",
        "portico fhir import bundle.json --codes our-codes.yaml --json",
    ],
    {
        0: "every element that Portico asks for was used",
        1: "something is doubtful: read the report",
        3: "the bundle cannot be read, or holds more than one patient",
    },
)

EXPORT_HELP: Final = help_text(
    "Write a Directive as FHIR R4 after CodeX radiation therapy 2.0.0: course and phase prescription as drafts, the volumes, and the "
    "sealed Directive itself. The bundle is held against the models of the standard and read back before it is written.",
    [
        "portico fhir export examples/directives/femur-30-10.json",
        "portico fhir export directive.json --patient Patient/123 --out prescription.json",
    ],
    {
        0: "the bundle was written",
        3: "the Directive cannot be read, or its seal is broken",
        4: "it prescribes nothing, or a dose is not sourced",
    },
)

OPTIONS_HELP: Final = help_text(
    "Write what Portico says about a case as GuidanceResponse and RequestGroup: what stops, what fits, and with --directive what was "
    "chosen and why.",
    [
        "portico fhir options examples/cases/femur-renal.yaml",
        "portico fhir options case.yaml --directive directive.json --patient Patient/123",
    ],
    {
        0: "nothing urgent holds or is left open",
        1: "an urgent state or gate holds or is not excluded",
        3: "the case or the Directive cannot be read, or do not belong together",
    },
)

APPLY_HELP: Final = help_text(
    "Apply the rules as a PlanDefinition to a case, as the operation $apply does: a CarePlan with the actions whose rules hold, and "
    "those that wait for an answer.",
    ["portico fhir apply examples/cases/femur-renal.yaml", "portico fhir apply case.yaml --out plan.json"],
    {
        0: "no urgent rule or gate holds or is unknown",
        1: "an urgent rule or gate holds or is unknown",
        3: "the case cannot be read",
    },
)

REGISTRY_HELP: Final = help_text(
    "Read a FHIR bulk export (NDJSON, a file for each type) into a registry file for an audit: a row for each course after an "
    "operation, seen from its first day, under keys drawn for this run. What the export does not say stays unknown. Every line and "
    "every patient is accounted for.",
    [
        "portico fhir registry export --out registry.csv",
        "portico fhir registry export --out registry.csv --refused refused.csv --json",
    ],
    {
        0: "every line and patient was used",
        1: "a line or a patient was refused: see the counts",
        3: "there is no export, or a file cannot be read or written",
    },
)

BundlePath = Annotated[Path, typer.Argument(help="Bundle: a .json file.", metavar="BUNDLE")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="Day of the decision, YYYY-MM-DD; unknown when left out.", metavar="DAY"),
]
Codes = Annotated[
    Path | None, typer.Option("--codes", help="Codes of the department beside the shipped ones.", metavar="FILE")
]


@fhir_app.command("import", help=IMPORT_HELP)
def import_(
    bundle: BundlePath,
    as_of: AsOf = None,
    codes: Codes = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write the draft, a .yaml file.", metavar="FILE")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import a bundle.

    Raises
    ------
    ReadingRefused : the bundle cannot be read safely, or holds more than one patient
    UsageError : ``bad-date``, ``unknown-suffix``, ``file-exists``
    """
    from portico.cli.case_new import case_text
    from portico.cli.output import plain_table, save, say, show, show_json

    if out is not None and out.suffix.lower() not in (".yaml", ".yml"):
        raise UsageError("The file name must end in .yaml.", code="unknown-suffix", file=str(out))
    found = imported(bundle, as_of, codes)
    text = case_text(found.case)
    if out is not None:
        save(out, text, replace=False)
    doubts = found.report.of("doubtful")
    if as_json:
        show_json({**found.to_dict(), "file": str(out) if out else None})
    else:
        if out is None:
            show(text.rstrip("\n"))
            show()
        rows = [
            [line.state, line.place, line.kind, line.answer or "", line.says]
            for state in ("used", "doubtful", "ignored")
            for line in found.report.of(state)
        ]
        show(plain_table(["", "place", "type", "answer", "why"], rows))
    counts = found.report.to_dict()["counts"]
    say(f"{counts['used']} used, {counts['doubtful']} doubtful, {counts['ignored']} ignored. The draft needs a look.")
    raise typer.Exit(Exit.FINDINGS.value if doubts else Exit.FINE.value)


def imported(bundle: Path, as_of: str | None, codes: Path | None) -> Imported:
    """The bundle of a file as the draft of a case.

    Raises
    ------
    UsageError : ``bad-date``
    ReadingRefused, KnowledgeRefused : bundle or codes cannot be read
    """
    from portico.interop.fhir_codes import load_codes, site_codes
    from portico.interop.fhir_import import import_bundle
    from portico.interop.fhir_import_bundle import BUNDLE_LIMITS, day_of
    from portico.reading import read_bytes

    day = day_of(as_of)
    if as_of is not None and (day is None or day.isoformat() != as_of):
        raise UsageError("A date is written as YYYY-MM-DD.", code="bad-date", path="--as-of")
    table = load_codes() if codes is None else site_codes(codes)
    data = read_bytes(bundle, max_bytes=BUNDLE_LIMITS.max_bytes)
    return import_bundle(data, as_of=day, codes=table, name=str(bundle))


@fhir_app.command("registry", help=REGISTRY_HELP)
def registry(
    source: Annotated[Path, typer.Argument(help="Folder of .ndjson files, or one such file.", metavar="EXPORT")],
    out: Annotated[Path, typer.Option("--out", help="Registry to write, a .csv file.", metavar="FILE")],
    refused: Annotated[
        Path | None, typer.Option("--refused", help="Where to list what was refused: file, line, code.", metavar="FILE")
    ] = None,
    codes: Codes = None,
    as_json: AsJson = False,
) -> None:
    """Write a registry.

    Raises
    ------
    InputRefused : ``file-missing``, ``no-ndjson``
    UsageError : ``unknown-suffix``, ``file-exists``
    KnowledgeRefused : the codes cannot be read
    """
    from portico.cli.output import plain_table, say, show, show_json, shown_path
    from portico.interop.fhir_bulk import fhir_bulk
    from portico.interop.fhir_codes import site_codes

    for path in (out, refused):
        if path is not None and path.suffix.lower() != ".csv":
            raise UsageError("The file name must end in .csv.", code="unknown-suffix", file=str(path))
        if path is not None and path.exists():
            raise UsageError("The file is there already.", code="file-exists", file=str(path))
    found = fhir_bulk(source, out, refused=refused, codes=None if codes is None else site_codes(codes))
    if as_json:
        show_json({"schema": "fhir-registry/1", "file": str(out), **found.to_dict()})
    else:
        reasons = [
            *(("line refused", code, n) for code, n in sorted(found.lines_refused.items())),
            *(("patient refused", code, n) for code, n in sorted(found.patients_refused.items())),
            *(("course without a row", code, n) for code, n in sorted(found.courses_left_out.items())),
        ]
        lost, gone = sum(found.lines_refused.values()), sum(found.patients_refused.values())
        show(
            f"Lines: {found.lines:,} = {found.sorted_in:,} of a patient + {found.of_no_patient:,} of none + {lost:,} refused."
        )
        show(f"Patients: {found.patients:,} = {found.patients_used:,} used + {gone:,} refused.")
        show(f"Used patients without a row: {found.without_row:,}.")
        if reasons:
            show(plain_table(["", "reason", "number"], [[what, code, f"{n:,}"] for what, code, n in reasons]))
    say(f"Written: {found.rows:,} rows in {shown_path(out)}")
    raise typer.Exit((Exit.FINDINGS if found.lines_refused or found.patients_refused else Exit.FINE).value)


PatientRef = Annotated[
    str | None, typer.Option("--patient", help="Reference to the patient, such as Patient/123.", metavar="REFERENCE")
]
Out = Annotated[Path | None, typer.Option("--out", help="Where to write the JSON.", metavar="FILE")]
CasePath = Annotated[Path, typer.Argument(help="Case file: .yaml, .yml or .json.", metavar="CASE")]


@fhir_app.command("export", help=EXPORT_HELP)
def export(
    directive: Annotated[Path, typer.Argument(help="Directive: a .json file.", metavar="DIRECTIVE")],
    patient: PatientRef = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Export a Directive; the output is JSON with or without ``--json``.

    Raises
    ------
    DirectiveRefused : the Directive does not hold
    CannotTell : ``no-prescription``
    """
    from portico.directive import read_directive, verify_seal
    from portico.errors import DirectiveRefused
    from portico.interop.fhir_directive import directive_bundle, read_directive_bundle
    from portico.interop.fhir_r4 import checked_r4

    found = read_directive(directive)
    if found.hash is not None and not verify_seal(found):
        raise DirectiveRefused(
            "The Directive was changed after it was sealed.", code="seal-broken", file=str(directive)
        )
    bundle = checked_r4(directive_bundle(found, patient=_reference(patient)))
    assert read_directive_bundle(bundle) == found, "what is written gives the same Directive when it is read"
    _written(bundle, out)


@fhir_app.command("options", help=OPTIONS_HELP)
def options(
    case: CasePath,
    directive: Annotated[
        Path | None, typer.Option("--directive", help="The Directive that was decided on.", metavar="FILE")
    ] = None,
    patient: PatientRef = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Export options and decision; the output is JSON with or without ``--json``.

    Raises
    ------
    UsageError : ``another-case``, when the Directive was made from another case
    """
    from portico.advice import advise
    from portico.case import read_case
    from portico.cli.library import open_library
    from portico.directive import read_directive
    from portico.interop.fhir_decision import decision_bundle
    from portico.interop.fhir_r4 import checked_r4

    library = open_library()
    advice = advise(read_case(case), library)
    chosen = None if directive is None else read_directive(directive)
    if chosen is not None and chosen.stamps.case_sha256 != advice.case_sha256:
        raise UsageError(
            "The Directive was made from another case, or from another state of it.", code="another-case",
            file=str(directive), fix="Give the case as it was when the Directive was signed.",
        )  # fmt: skip
    _written(checked_r4(decision_bundle(advice, library, patient=_reference(patient), directive=chosen)), out)
    raise typer.Exit(advice.exit_status)


@fhir_app.command("apply", help=APPLY_HELP)
def apply(case: CasePath, patient: PatientRef = None, out: Out = None, as_json: AsJson = False) -> None:
    """Apply the rules; the output is JSON with or without ``--json``.

    Raises
    ------
    CaseRefused : with every problem found
    """
    from portico.advice import Engine
    from portico.case import read_case
    from portico.cli.library import open_library
    from portico.interop.fhir_apply import apply_plan
    from portico.interop.fhir_r4 import checked_r4

    engine = Engine(open_library())
    found = read_case(case)
    plan = checked_r4(apply_plan(found, engine, patient=_reference(patient)))
    _written(plan, out)
    truths = engine.truths(found.row())
    urgent = any(truths[key] is not False for key, rule in engine.rules.items() if rule.kind in ("urgent", "gate"))
    raise typer.Exit(Exit.FINDINGS.value if urgent else Exit.FINE.value)


def _reference(patient: str | None) -> str | None:
    if patient is not None and not re.fullmatch(r"(https?://[^\s<>\"]{1,200}/)?Patient/[A-Za-z0-9.\-]{1,64}", patient):
        raise UsageError("A reference to a patient looks like Patient/123.", code="bad-reference", path="--patient")
    return patient


def _written(value: dict[str, Any], out: Path | None) -> None:
    from portico.cli.output import save, show_json

    if out is None:
        show_json(value)
    else:
        save(out, json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2) + "\n", replace=False)
