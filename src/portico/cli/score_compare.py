"""``portico score compare``: several prognostic scores side by side, with a flag when they disagree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from portico.errors import UsageError

if TYPE_CHECKING:
    from portico.knowledge.scores import ScoreResult

__all__ = ["compare", "comparison", "read_asked"]

_OPERATED = {
    "yes": "operated",
    "no": "not operated",
    "mixed": "operated and not",
    "true": "operated",
    "false": "not operated",
}


def read_asked(word: str) -> tuple[str, dict[str, str]]:
    """``score:input=value,input=value`` as the score's id and its answers.

    >>> read_asked("nrf_chow:breast_primary=no,kps=60")
    ('nrf_chow', {'breast_primary': 'no', 'kps': '60'})

    Raises
    ------
    UsageError : ``score-without-answers``, ``answer-without-value``, ``answered-twice``
    """
    from portico.cli.score import read_pairs

    name, mark, rest = word.partition(":")
    if not mark or not rest.strip():
        raise UsageError(
            "A score to compare is written score:input=value,input=value.",
            code="score-without-answers",
            path=name[:40],
            fix="As in nrf_chow:breast_primary=no,bone_only_mets=yes,kps=60.",
        )
    return name, read_pairs(rest.split(","))


def comparison(asked: Sequence[str]) -> tuple[list[ScoreResult], str | None]:
    """Results of the scores asked for, and the sentence that says where they disagree (None when they do not).

    Raises
    ------
    UsageError : fewer than two scores, no such score or input, ``answered-twice``
    QuantityRefused : an answer outside its scale
    """
    from portico.knowledge.scores import compute, disagreement, enter_value, find_score, load_scores

    if len(asked) < 2:
        raise UsageError("Comparing takes two scores or more.", code="nothing-to-compare")
    results = []
    for word in asked:
        name, answers = read_asked(word)
        found = find_score(name)
        if "class" in answers or "total" in answers:
            total = answers.get("total")
            if total is not None and not total.isdigit():
                raise UsageError("A total is a whole number.", code="bad-total", path=name)
            entered = enter_value(
                found,
                source=answers.get("source", ""),
                total=int(total) if total is not None else None,
                class_id=answers.get("class"),
            )
            results.append(entered)
        else:
            results.append(compute(found, answers))
    return results, disagreement(results, load_scores())


def compare(asked: Sequence[str], as_json: bool) -> int:
    """Print the comparison; 0 when the scores can all hold, 1 when they disagree."""
    from portico.cli.output import plain_table, show, show_json
    from portico.intended_use import INTENDED_USE, INTENDED_USE_SHORT

    results, flag = comparison(asked)
    if as_json:
        show_json(
            {
                "schema": "score-comparison/1",
                "intended_use": INTENDED_USE,
                "disagreement": flag,
                "results": [result.to_dict() for result in results],
            }
        )
        return 1 if flag else 0
    rows = [_row(result) for result in results]
    show(plain_table(["score", "value", "class", "published survival", "cohort", "mark"], rows))
    show(flag or "The published statements of these scores can all hold.")
    show(INTENDED_USE_SHORT)
    return 1 if flag else 0


def _row(result: ScoreResult) -> list[str]:
    from portico.cli.score import value_text

    survival = "; ".join(_outcome(outcome) for outcome in result.outcomes if outcome.value is not None)
    operated = _OPERATED.get(str(result.operated).lower(), "operated or not is not stated")
    label = result.class_label or " or ".join(result.classes_possible) or "open"
    return [result.name, value_text(result), label, survival or "not seen", operated, "AMBER" if result.amber else ""]


def _outcome(outcome: Any) -> str:
    at = "" if outcome.at_months is None else f" at {outcome.at_months:g} months"
    return f"{outcome.measure.replace('_', ' ')} {outcome.value:g} {outcome.unit}{at}"
