"""Every question of a library answered: what stands in ``pools.json``.

>>> from portico.knowledge import load_library
>>> library = load_library()
>>> found = answer_question(library, "bone-postop-coverage")
>>> found.k, round(found.main.est, 2)
(1, 0.44)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from portico.errors import UsageError
from portico.knowledge import Library
from portico.knowledge.pools import Answer, Pools, built_from
from portico.reading import did_you_mean
from portico.synthesis.answers import answer
from portico.synthesis.selection import Selection, select

__all__ = ["FIRM_LEVELS", "answer_question", "build_pools", "selection_for"]

#: Levels whose figures count unless more are asked for.
FIRM_LEVELS = ("full_text", "abstract")
#: Overrides of certainty: question to domain to judgement and sentence.
Overrides = Mapping[str, Mapping[str, tuple[str, str]]]


def selection_for(library: Library, question_id: str, *, levels: Iterable[str] = FIRM_LEVELS) -> Selection:
    """The figures that answer a question.

    Raises
    ------
    UsageError : ``unknown-question``
    """
    question = library.questions.get(question_id)
    if question is None:
        guess = did_you_mean(question_id, list(library.questions))
        fix = f"Did you mean {guess}?" if guess else "portico evidence pool lists them."
        raise UsageError("The library has no question of this id.", code="unknown-question", fix=fix)
    return select(question, library.studies, levels=levels)


def answer_question(
    library: Library, question_id: str, *, levels: Iterable[str] = FIRM_LEVELS, overrides: Overrides | None = None
) -> Answer:
    """The answer to one question.

    Parameters
    ----------
    library : the library
    question_id : id of the question
    levels : verification levels that count
    overrides : judgements of a named curator

    Raises
    ------
    UsageError : ``unknown-question``, ``unknown-domain``, ``unknown-judgement``
    """
    chosen = selection_for(library, question_id, levels=levels)
    own = (overrides or {}).get(question_id, {})
    return answer(chosen, library.studies, library.policy["certainty"].body, own)


def build_pools(library: Library) -> Pools:
    """Every answer from figures of the firm levels, in the order of the questions."""
    return Pools(built_from(library), {name: answer_question(library, name) for name in library.questions})
