"""``portico score``: one score of the library, computed or taken over with its source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from portico.cli.help_text import help_text
from portico.errors import UsageError

if TYPE_CHECKING:
    from portico.knowledge.scores import Score, ScoreResult

__all__ = ["HELP", "read_pairs", "score", "value_text"]

HELP: Final = help_text(
    "Compute one score, or list the scores.\n\n"
    "Without inputs it prints the questions and what each may be answered. A missing answer leaves a range and is "
    "never filled in. A score read only in secondary pages is marked AMBER and drives no rule until a site signs it. "
    "A value worked out elsewhere is entered with --total or --class and its --source.",
    [
        "portico score list",
        "portico score sins",
        "portico score sins location=junctional pain=mechanical bone_lesion=lytic",
        "portico score nrf_chow breast_primary=no bone_only_mets=yes kps=60 --json",
        'portico score metsss --class high_risk --source "web page, 2024-05-02"',
        "portico score compare nrf_chow:breast_primary=no,bone_only_mets=no,kps=60 van_der_linden:kps=60,primary=lung",
    ],
    {
        0: "the score is settled, or a list was asked for",
        1: "compared scores disagree",
        3: "an answer outside the scale",
        4: "answers are missing, or the score cannot be computed here",
    },
)


def score(
    name: Annotated[str, typer.Argument(help="Id of the score, or `list`, or `compare`.")],
    answers: Annotated[
        list[str] | None,
        typer.Argument(
            help="Answers as input=value; to compare, score:input=value,input=value.", metavar="INPUT=VALUE"
        ),
    ] = None,
    total: Annotated[int | None, typer.Option(help="Enter this total instead of computing it.")] = None,
    class_id: Annotated[str | None, typer.Option("--class", help="Enter this class instead of computing it.")] = None,
    source: Annotated[str | None, typer.Option(help="Who or what gave the entered value, and when.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Print a score, its questions, or the list of scores.

    Raises
    ------
    UsageError : no such score, input or choice; an entered value without source
    QuantityRefused : a number outside its scale
    CannotTell : a score whose points are not published
    """
    from portico.cli.output import show_json
    from portico.knowledge.scores import compute, enter_value, find_score

    if name == "list":
        if answers or total is not None or class_id is not None or source is not None:
            raise UsageError("The list takes no answers.", code="list-with-answers")
        _list(as_json)
        return
    if name == "compare":
        from portico.cli.score_compare import compare

        raise typer.Exit(compare(answers or [], as_json))
    found = find_score(name)
    entered = total is not None or class_id is not None
    if entered or source is not None:
        if answers:
            raise UsageError("Give answers or an entered value, not both.", code="entered-and-answered")
        result = enter_value(found, source=source or "", total=total, class_id=class_id)
    elif answers:
        result = compute(found, read_pairs(answers))
    else:
        _questions(found, as_json)
        return
    if as_json:
        show_json(_with_use({"schema": "score-result/1", **result.to_dict()}))
    else:
        _print(result)
    settled = result.class_id is not None or result.total is not None or not result.missing
    raise typer.Exit(0 if settled else 4)


def read_pairs(answers: Sequence[str]) -> dict[str, str]:
    """``input=value`` words as a mapping.

    >>> read_pairs(["kps=60", "breast_primary=no"])
    {'kps': '60', 'breast_primary': 'no'}

    Raises
    ------
    UsageError : ``answer-without-value``, ``answered-twice``
    """
    found: dict[str, str] = {}
    for pair in answers:
        key, mark, value = pair.partition("=")
        key = key.strip()
        if not mark or not key or not value.strip():
            raise UsageError(
                "An answer is written input=value.", code="answer-without-value", fix="As in kps=60, without blanks."
            )
        if key in found:
            raise UsageError("One input is answered twice.", code="answered-twice", path=key[:40])
        found[key] = value.strip()
    return found


def _with_use(value: dict[str, Any]) -> dict[str, Any]:
    from portico.intended_use import INTENDED_USE

    return {"intended_use": INTENDED_USE, **value}


def _mark(amber: bool) -> str:
    return "AMBER" if amber else ""


def _kind(found: Score) -> str:
    return "computed" if found.computable else "entered with its source"


def _list(as_json: bool) -> None:
    from portico.cli.output import plain_table, show, show_json
    from portico.knowledge.scores import load_scores

    scores = load_scores().values()
    if as_json:
        rows = [
            {"id": s.id, "name": s.name, "describes": s.describes, "computable": s.computable,
             "verified": s.verified, "amber": s.amber}
            for s in scores
        ]  # fmt: skip
        show_json({"schema": "score-list/1", "scores": rows})
        return
    show(
        plain_table(
            ["id", "verified", "mark", "here", "name"],
            [[s.id, s.verified, _mark(s.amber), _kind(s), s.name] for s in scores],
        )
    )


def _choices(question: Any) -> str:
    if question.choices:
        return " | ".join(choice.id for choice in question.choices)
    low, high = question.minimum, question.maximum
    span = f"{low:g} to {high:g}" if low is not None and high is not None else "a number"
    return f"{span} {question.unit or ''}".strip()


def _questions(found: Score, as_json: bool) -> None:
    from portico.cli.output import plain_table, show, show_json

    if as_json:
        show_json({"schema": "score/1", "score": found.model_dump(mode="json")})
        return
    show(f"{found.name}  {_mark(found.amber)}".rstrip())
    show(f"describes {found.describes.replace('_', ' ')}; {found.direction.replace('_', ' ')}; {found.verified}")
    if not found.computable:
        show(f"Not computed here. {found.not_computable_because or ''}".strip())
        for definition in found.definitions:
            show(f"{definition.label}: {definition.text} ({definition.verified})")
        if found.classes:
            show(f"Classes: {', '.join(c.id for c in found.classes)}")
        return
    show(plain_table(["input", "answers"], [[q.id, _choices(q)] for q in found.inputs]))
    show("Every input may be left out or answered unknown.")


def _print(result: ScoreResult) -> None:
    from portico.cli.output import plain_table, show
    from portico.intended_use import INTENDED_USE_SHORT

    if result.amber:
        ends = "it drives no rule" if result.verified == "memory" else "it drives no rule until a site signs it"
        show(f"AMBER: this score is verified only as `{result.verified}`; {ends}.")
    show(f"{result.name}: {value_text(result)}")
    label = result.class_label or (" or ".join(result.classes_possible) if result.classes_possible else None)
    if label:
        show(f"Class: {label}")
    if result.missing:
        show(f"Not answered: {', '.join(result.missing)}")
    if result.action_published:
        show(f"Published action: {result.action_published}")
    show(f"Direction: {result.direction.replace('_', ' ')}")
    for part in result.parts:
        shown = f"{part.value:g}" if part.value is not None else f"{part.low:g} to {part.high:g} (open)"
        show(f"{part.label}: {shown} {part.unit}")
    for variant in result.variants:
        show(f"{variant.label}: {variant.says} ({variant.verified})")
    if result.outcomes:
        rows = [
            [
                o.measure.replace("_", " "),
                "not seen" if o.value is None else f"{o.value:g} {o.unit}",
                "" if o.at_months is None else f"{o.at_months:g} months",
                "n not seen" if o.n_patients is None else f"n {o.n_patients}",
                o.verified,
                ", ".join(text for text in (o.cohort, o.era) if text) or "cohort and era not seen",
            ]
            for o in result.outcomes
        ]
        show(plain_table(["outcome", "figure", "at", "n", "verified", "cohort and era"], rows))
    for note in result.notes:
        show(f"Note: {note}")
    show(INTENDED_USE_SHORT)


def value_text(result: ScoreResult) -> str:
    """The value of a result in words; a range while answers are missing."""
    if result.total is not None:
        return f"{result.total} points"
    if result.low is not None and result.high is not None:
        return f"{result.low} to {result.high} points (answers are missing)"
    return result.class_label or ("no class settled" if result.missing else "see below")
