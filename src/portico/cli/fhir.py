"""``portico fhir``: a patient bundle as the draft of a case, and what leaves Portico as FHIR R4."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

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
