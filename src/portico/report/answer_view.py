"""An answer as sections of a page: the figure, its studies, what stays out, certainty; and a summary of findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from portico.knowledge.pools import Answer
from portico.report.evidence_page import Section, Table
from portico.report.figures_text import POPULATION_WORDS, counted, figure_text, interval_text, outcome_words
from portico.report.forest import cumulative_drawing, forest_drawing, leave_one_out_drawing
from portico.report.funnel import funnel_drawing

if TYPE_CHECKING:
    from portico.synthesis import Beside

__all__ = ["GRADE_WORDS", "answer_line", "answer_section", "beside_sentences", "summary_section"]

GRADE_WORDS: Final = {"high": "high", "moderate": "moderate", "low": "low", "very_low": "very low", None: "not graded"}


def answer_line(answer: Answer) -> str:
    """The answer in one sentence."""
    main = answer.main
    if main is None:
        return "No study answers this question: a gap."
    interval = interval_text(main.lo, main.hi, answer.measure)
    text = (
        f"{figure_text(main.est, answer.measure)} (95 % interval {interval}), {counted(answer.k, 'study', 'studies')}"
    )
    if answer.n is not None:
        text += f", {answer.n} people or segments"
    if main.prediction_lo is not None and main.prediction_hi is not None:
        expected = interval_text(main.prediction_lo, main.prediction_hi, answer.measure)
        text += f"; the next study is expected within {expected}"
    return f"{text}. Certainty: {GRADE_WORDS[answer.certainty]}."


def beside_sentences(beside: Beside, measure: str) -> list[str]:
    """How ours differs from a published answer, study by study, in sentences."""
    ours = f"{figure_text(beside.ours[0], measure)} ({interval_text(beside.ours[1], beside.ours[2], measure)})"
    published = f"{figure_text(beside.est, measure)} ({interval_text(beside.lo, beside.hi, measure)})"
    made = [f"Published ({beside.published}): {published}; ours: {ours}."]
    if beside.p is not None:
        made.append(
            f"The intervals {'overlap' if beside.overlap else 'do not overlap'}; p of the difference {beside.p:.2g} if no "
            "patient were in both, which the record of the published one does not say."
        )
    for pull in sorted(beside.pulls, key=lambda one: -abs(one.share_of_difference)):
        made.append(
            f"{pull.study}: {figure_text(pull.est, measure)}, weight {100 * pull.weight:.0f} %, makes "
            f"{100 * pull.share_of_difference:.0f} % of the difference; with the published figure in its place ours would be "
            f"{figure_text(pull.would_be, measure)}."
        )
    return made


def answer_section(answer: Answer, *, beside: Sequence[Beside] = (), mark: str = "", full: bool = True) -> Section:
    """A section of a page for one answer.

    Parameters
    ----------
    answer : of a question
    beside : published answers, see :func:`portico.synthesis.beside_published`
    mark : set apart above the text
    full : with the funnel, cumulative and leave-one-out figures
    """
    drawings = [forest_drawing(answer)]
    if full:
        drawings += [funnel_drawing(answer), cumulative_drawing(answer), leave_one_out_drawing(answer)]
    text = [answer_line(answer), *answer.notes]
    for one in beside:
        text += beside_sentences(one, answer.measure)
    tables = []
    if answer.k > 1:
        tables.append(
            Table(
                "Every model side by side",
                ("model", "estimator", "interval", "figure", "95 % interval", "next study within"),
                tuple(
                    (
                        one.model,
                        one.method,
                        one.interval,
                        figure_text(one.est, answer.measure),
                        interval_text(one.lo, one.hi, answer.measure),
                        ""
                        if one.prediction_lo is None
                        else interval_text(one.prediction_lo, one.prediction_hi, answer.measure),
                    )
                    for one in answer.estimates
                ),
            )
        )
    if answer.domains:
        tables.append(Table("Certainty, domain by domain", ("domain", "judgement", "why"), answer.domains))
    if answer.left_out:
        rows = tuple((one.study, one.code, one.why) for one in answer.left_out)
        tables.append(Table("Studies with a figure that does not count here", ("study", "reason", "why"), rows))
    return Section(
        title=answer.asks,
        text=tuple(text),
        drawings=tuple(one for one in drawings if one is not None),
        tables=tuple(tables),
        mark=mark,
        anchor=answer.question,
    )


def summary_section(answers: Sequence[Answer]) -> Section:
    """The summary of findings: every question in a row."""
    rows = []
    for one in answers:
        main = one.main
        rows.append(
            (
                one.asks,
                POPULATION_WORDS[one.population],
                outcome_words(one.outcome),
                "any time" if one.months is None else f"{one.months:g} months",
                str(one.k),
                "" if one.n is None else str(one.n),
                "gap" if main is None else figure_text(main.est, one.measure),
                "" if main is None else interval_text(main.lo, main.hi, one.measure),
                GRADE_WORDS[one.certainty] if main is not None else "",
            )
        )
    columns = ("question", "population", "outcome", "time", "studies", "people", "figure", "95 % interval", "certainty")
    return Section(
        "Summary of findings",
        text=(
            "Each certainty follows the domains of GRADE by rules that the page of its question prints; a frequency without a "
            "comparison says nothing about an effect.",
        ),
        tables=(Table("Summary of findings", columns, tuple(rows)),),
    )
