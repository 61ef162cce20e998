"""``portico sign``: a named person chooses an option, with a reason; out comes a sealed Directive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from portico.cli.help_text import help_text
from portico.cli.library import SignaturesOption
from portico.errors import Blocked, Problem, UsageError

if TYPE_CHECKING:
    from portico.advice import Advice
    from portico.directive import Directive
    from portico.units import Regimen, SibRegimen

__all__ = ["HELP", "sign"]

HELP: Final = help_text(
    "Sign a Directive: the chosen option, who chose it and why, with volumes, limits for exactly that fractionation, "
    "timing and follow-up, sealed by a hash. Signing is blocked while an urgent state or gate is not excluded, or a "
    "gate holds. A choice outside the option is an override and is recorded as one.",
    [
        'portico sign examples/cases/femur-renal.yaml --option conv-30-10 --by "Dr A. Example" --reason "tumour board"',
        'portico sign case.yaml --option conv-20-5 --by "Dr A. Example" --reason "four visits are the most" '
        "--override 16Gy/4",
        'portico sign case.yaml --option conv-20-5 --by "Dr A. Example" --reason "tumour board" '
        '--field "beam_arrangement=anterior and posterior" --field "spared_strip=lateral soft tissue"',
    ],
    {
        0: "a sealed Directive was written",
        1: "signing is blocked; what blocks it is printed and nothing is written",
        3: "the case or the Directive is refused; nothing is written",
    },
)


def sign(
    case: Annotated[Path, typer.Argument(help="Case file: .yaml, .yml or .json.", metavar="CASE")],
    option: Annotated[str, typer.Option("--option", help="Id of the option.", metavar="ID")],
    by: Annotated[str, typer.Option("--by", help="Who decides.", metavar="NAME")],
    reason: Annotated[str, typer.Option("--reason", help="Why this option.", metavar="TEXT")],
    role: Annotated[str | None, typer.Option("--role", help="In which role.", metavar="TEXT")] = None,
    regimen: Annotated[
        str | None, typer.Option("--regimen", help="Exact dose inside an option that is a range.", metavar="24Gy/8")
    ] = None,
    override: Annotated[
        str | None, typer.Option("--override", help="Dose outside the option; recorded as such.", metavar="25Gy/10")
    ] = None,
    volume: Annotated[
        str | None, typer.Option("--volume", help="Recipe of the volume; else the proposed one.", metavar="RECIPE")
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", help="Item of a plain field; may be given several times.", metavar="ITEM=TEXT"),
    ] = None,
    signatures: SignaturesOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="File to write; directive-HASH.json here when left out.", metavar="FILE"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Sign and write a Directive.

    Raises
    ------
    UsageError : a name or reason that is empty; no such option or volume; a dose outside the option; ``file-exists``
    Blocked : what stands against signing, one problem each
    CaseRefused : with every problem found
    """
    from portico.advice import Engine, advise, propose
    from portico.advice import sign as sign_directive
    from portico.case import read_case
    from portico.cli.library import open_library
    from portico.cli.output import show, show_json
    from portico.cli.score import read_pairs
    from portico.intended_use import INTENDED_USE_SHORT

    for name, text in (("--by", by), ("--reason", reason)):
        if not text.strip():
            raise UsageError("A Directive is signed by a named person with a reason.", code="empty-text", path=name)
    if regimen is not None and override is not None:
        raise UsageError("Give --regimen or --override, not both.", code="regimen-and-override")
    if out is not None and out.suffix.lower() != ".json":
        raise UsageError("A Directive is written as a .json file.", code="unknown-suffix", file=str(out))
    chosen = read_dose(override or regimen, "--override" if override else "--regimen")
    found = read_case(case)
    engine = Engine(open_library(signatures))
    advice = advise(found, engine)
    proposed = propose(
        found, advice, engine, option, chosen=chosen, volume=volume, plain_field=read_pairs(field or []),
        override=override is not None,
    )  # fmt: skip
    try:
        signed = sign_directive(
            proposed, advice, option, by=by, reason=reason, role=role, override=override is not None
        )
    except Blocked as error:
        raise _blocked(error, advice) from None
    path = out or Path(f"directive-{(signed.hash or '')[:8]}.json")
    _write(path, signed)
    if as_json:
        show_json({"schema": "signed/1", "file": str(path), "directive": signed.to_dict()})
        return
    show(f"Signed: {signed.decision.label if signed.decision else signed.id}")
    show(f"Written: {path}")
    show(f"Seal: {signed.hash}")
    for line in planning_lines(signed):
        show(line)
    if signed.stamps.watermark:
        show(signed.stamps.watermark)
    show(INTENDED_USE_SHORT)


def read_dose(text: str | None, path: str) -> Regimen | SibRegimen | None:
    """A regimen or a boost written on the command line; None when there is none.

    Raises
    ------
    QuantityRefused : the codes of :func:`portico.units.parse_regimen`
    """
    from portico.units import parse_regimen, parse_sib

    if text is None:
        return None
    return parse_sib(text, path=path) if "+" in text else parse_regimen(text, path=path)


def planning_lines(directive: Directive) -> list[str]:
    """Whether anything may be planned from a Directive, and what stands against it."""
    if directive.for_planning:
        return ["For planning: yes"]
    return ["For planning: NO", *(f"  {text}" for text in directive.blockers_for_planning)]


def _blocked(error: Blocked, advice: Advice) -> Blocked:
    """The same refusal with every notice that blocks, and the questions that would answer it."""
    if error.code != "signing-blocked":
        return error
    problems = tuple(
        Problem(
            "not-excluded" if notice.state == "unknown" else "gate-holds",
            f"NOT EXCLUDED: {notice.title}." if notice.state == "unknown" else f"{notice.title}. {notice.text}",
            notice.rule,
            fix=" ".join(notice.ask),
        )
        for notice in advice.stops
    )
    return Blocked(error.problem.message, code=error.code, fix=error.problem.fix, problems=problems)


def _write(path: Path, directive: Directive) -> None:
    from portico.cli.output import make_parent
    from portico.directive import directive_from, read_directive, write_directive

    directive_from(directive.to_dict())  # refused before anything is written
    if path.exists():
        if path.is_file() and read_directive(path).hash == directive.hash:
            return
        raise UsageError(
            "This file exists already.", code="file-exists", file=str(path), fix="Give another name with --out."
        )
    make_parent(path)
    write_directive(path, directive)
