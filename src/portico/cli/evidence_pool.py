"""``portico evidence pool``: the answers to the library's questions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from portico.cli.evidence_files import AsJson, HtmlOption, PngOption, SvgOption
from portico.cli.help_text import help_text

if TYPE_CHECKING:
    from portico.knowledge import Library
    from portico.knowledge.pools import Answer

__all__ = ["POOL_HELP", "pool"]

POOL_HELP: Final = help_text(
    "What the studies say together on a question: every study that counts, every one that does not and why, the models side by "
    "side, heterogeneity, certainty by visible rules, and published answers beside ours. Without a question, all answers in a table.",
    [
        "portico evidence pool",
        "portico evidence pool spine-postop-sbrt-lf12 --svg out/forest.svg",
        "portico evidence pool spine-sbrt-vcf-crude --by directness",
        "portico evidence pool bone-postop-lf-crude --overrides judgements.yaml --html out/answer.html",
        "portico evidence pool spine-postop-sbrt-lf12 --study studies/own-teaching-spine-sbrt.yaml --levels shown --svg out/forest.svg",
    ],
    {0: "fine", 1: "no study answers the question: a gap", 3: "a file is refused", 4: "cannot tell"},
)
FIGURES: Final = ("forest", "funnel", "cumulative", "leave-one-out")


def pool(
    question: Annotated[
        str | None, typer.Argument(help="Id of the question; all when left out.", metavar="QUESTION")
    ] = None,
    by: Annotated[
        str | None,
        typer.Option("--by", help="year (meta-regression), or design, directness, site (subgroups).", metavar="WORD"),
    ] = None,
    indirect: Annotated[
        bool, typer.Option("--indirect", help="Count unoperated and mixed populations too; the answer is marked.")
    ] = False,
    levels: Annotated[
        str,
        typer.Option(
            "--levels",
            help="Levels that count: firm (full text, abstract) or shown (secondary and derived too).",
            metavar="WORD",
        ),
    ] = "firm",
    overrides: Annotated[
        Path | None,
        typer.Option("--overrides", help="A curator's judgements of certainty, certainty-override/1.", metavar="FILE"),
    ] = None,
    study: Annotated[
        list[Path] | None,
        typer.Option(
            "--study",
            help="A study file (study/1) to be counted beside the library, such as an audit's own.",
            metavar="FILE",
        ),
    ] = None,
    figure: Annotated[
        str, typer.Option("--figure", help=f"Figure for --svg and --png: {', '.join(FIGURES)}.", metavar="WORD")
    ] = "forest",
    svg: SvgOption = None,
    png: PngOption = None,
    html: HtmlOption = None,
    as_json: AsJson = False,
) -> None:
    """Print one answer, or all.

    Raises
    ------
    UsageError : ``unknown-question``, ``unknown-word``, ``question-needed``
    InputRefused : ``not-a-study``, ``study-twice``; what the library's checks refuse in a study
    """
    from portico.cli.certainty_overrides import read_overrides
    from portico.cli.library import open_library
    from portico.errors import UsageError
    from portico.report.evidence_json import GROUPS

    for given, allowed, name in (
        (by, (None, *GROUPS), "--by"),
        (levels, ("firm", "shown"), "--levels"),
        (figure, FIGURES, "--figure"),
    ):
        if given not in allowed:
            words = ", ".join(word for word in allowed if word)
            raise UsageError(f"{name} has no such word.", code="unknown-word", path=name, fix=f"One of {words}.")
    library = open_library() if not study else _with_studies(study)
    judged = {} if overrides is None else read_overrides(overrides, library)
    if question is None:
        if by is not None or svg is not None or png is not None or indirect:
            raise UsageError("These options belong to one question.", code="question-needed", fix="Name the question.")
        _print_all(library, judged, levels, html, as_json)
        return
    _print_one(library, question, judged, levels, by, indirect, figure, svg, png, html, as_json)


def _with_studies(paths: list[Path]) -> Library:
    """The shipped library with more studies; one of the same id is replaced."""
    from portico.intake import candidate
    from portico.reading import read_bytes

    return candidate({str(path): read_bytes(path) for path in paths})[0]


def _print_all(library: Library, judged: Any, levels: str, html: Path | None, as_json: bool) -> None:
    from portico.cli.evidence_files import page_file, write_files
    from portico.cli.output import plain_table, show, show_json
    from portico.report.answer_view import GRADE_WORDS, answer_section, summary_section
    from portico.report.evidence_json import levels_of, pools_json
    from portico.report.figures_text import figure_text, interval_text
    from portico.synthesis import answer_question, beside_published

    answers = [answer_question(library, name, levels=levels_of(levels), overrides=judged) for name in library.questions]
    write_files(
        page_file(
            html,
            "What the studies say together",
            lambda: [summary_section(answers), *(answer_section(one, beside=beside_published(one)) for one in answers)],
        )
    )
    if as_json:
        show_json(pools_json(library, answers))
        return
    rows = []
    for one in answers:
        main = one.main
        text = (
            "gap"
            if main is None
            else f"{figure_text(main.est, one.measure)} ({interval_text(main.lo, main.hi, one.measure)})"
        )
        rows.append(
            [
                one.question,
                str(one.k),
                "" if one.n is None else str(one.n),
                text,
                GRADE_WORDS[one.certainty] if main else "",
                one.asks,
            ]
        )
    show(plain_table(["question", "studies", "people", "figure (95 % interval)", "certainty", "asks"], rows))


def _print_one(
    library: Library,
    question: str,
    judged: Any,
    levels: str,
    by: str | None,
    indirect: bool,
    figure: str,
    svg: Path | None,
    png: Path | None,
    html: Path | None,
    as_json: bool,
) -> None:
    from portico.cli.evidence_files import drawing_files, page_file, write_files
    from portico.cli.output import show_json
    from portico.report.answer_view import answer_section
    from portico.report.evidence_json import pool_json, pool_of
    from portico.report.forest import cumulative_drawing, forest_drawing, leave_one_out_drawing
    from portico.report.funnel import funnel_drawing

    pooled = pool_of(library, question, levels=levels, indirect=indirect, by=by, judged=judged)
    found, mark, beside, groups = pooled.answer, pooled.mark, pooled.beside, pooled.groups
    draw = {
        "forest": forest_drawing,
        "funnel": funnel_drawing,
        "cumulative": cumulative_drawing,
        "leave-one-out": leave_one_out_drawing,
    }[figure]
    files = drawing_files(lambda wanted: draw(found, png=wanted), svg, png)
    files += page_file(html, found.asks, lambda: [answer_section(found, beside=beside, mark=mark)])
    write_files(files)
    if as_json:
        show_json(pool_json(pooled))
    else:
        _print_answer(found, mark, beside, groups)
    raise typer.Exit(0 if found.k else 1)


def _print_answer(found: Answer, mark: str, beside: Any, groups: dict[str, Any] | None) -> None:
    from portico.cli.output import plain_table, show
    from portico.report.answer_view import answer_line, beside_sentences
    from portico.report.figures_text import figure_text, interval_text

    show(found.asks)
    if mark:
        show(mark)
    show(answer_line(found))
    if found.rows:
        show("")
        rows = [
            [
                row.study,
                row.arm,
                figure_text(row.est, found.measure),
                interval_text(row.lo, row.hi, found.measure),
                "" if row.n is None else f"{'' if row.events is None else f'{row.events:.0f} of '}{row.n:.0f}",
                row.basis,
                "" if row.weight is None else f"{100 * row.weight:.0f} %",
                row.verified,
                row.note,
            ]
            for row in found.rows
        ]
        show(
            plain_table(
                ["study", "arm", "figure", "95 % interval", "events of n", "basis", "weight", "verified", "note"], rows
            )
        )
    if found.k > 1:
        show("")
        show(
            plain_table(
                ["model", "figure", "95 % interval", "next study within", "estimator and interval"],
                [
                    [
                        one.model,
                        figure_text(one.est, found.measure),
                        interval_text(one.lo, one.hi, found.measure),
                        ""
                        if one.prediction_lo is None
                        else interval_text(one.prediction_lo, one.prediction_hi, found.measure),
                        f"{one.method}; {one.interval}",
                    ]
                    for one in found.estimates
                ],
            )
        )
        if found.q is not None and found.i2 is not None and found.tau2 is not None:
            ends = (
                ""
                if found.tau2_lo is None
                else f" ({found.tau2_lo:.3f} to {'infinity' if found.tau2_hi is None else f'{found.tau2_hi:.3f}'})"
            )
            show(
                f"Between studies: Q {found.q:.2f} (p {found.q_p:.2g}), I² {found.i2:.0f} %, τ² {found.tau2:.3f}{ends}"
            )
    if groups is not None:
        show("")
        for line in groups["lines"]:
            show(line)
    for one in beside:
        show("")
        for line in beside_sentences(one, found.measure):
            show(line)
    if found.domains:
        show("")
        show(plain_table(["certainty", "judgement", "why"], found.domains))
    if found.left_out:
        show("")
        show(
            plain_table(["does not count", "reason", "why"], [[one.study, one.code, one.why] for one in found.left_out])
        )
    for note in found.notes:
        show(f"Note: {note}")
