"""``portico case new``: guided questions, each of which may be answered "unknown".

Questions and remarks go to standard error, so that standard output holds the case and nothing else. A person at a
terminal is asked again after an answer that does not fit; answers from a file or pipe are refused at the first one.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final, TextIO

from portico.case import case_problems, load_columns
from portico.case.answers import allowed, explanation, put, put_answer, read_answer
from portico.case.questions import AGENT, COURSE, QUESTIONS, Question, Steps, value_at
from portico.cli.output import say
from portico.errors import InputRefused, PorticoError

if TYPE_CHECKING:
    from portico.case import Case, Column

__all__ = ["Interview", "case_text"]

#: An implausible number of agents or courses for one site; a guard against endless input.
_MOST: Final = 20


class Interview:
    """One run through the questions.

    Parameters
    ----------
    stream : where answers come from, one a line; the end of it leaves the rest unknown
    person : whether someone sits at a terminal, who is asked again after an answer that does not fit
    """

    def __init__(self, stream: TextIO | None = None, *, person: bool | None = None) -> None:
        self._stream: TextIO = sys.stdin if stream is None else stream
        self._person = self._stream.isatty() if person is None else person
        self._columns = load_columns()
        self._line = 0
        self._ended = False
        self.draft: dict[str, Any] = {"schema": "case/1"}
        self._row: dict[str, Any] = {}

    def run(self) -> Case:
        """Ask everything that concerns the case and give the case back.

        Raises
        ------
        InputRefused : ``bad-answer`` and the like, with the line; only when no person is there to be asked again
        """
        for question in QUESTIONS:
            if not self._concerns(question) or (question.column and self._row.get(question.column) is not None):
                continue
            self._ask(question, ())
            if question.column == "systemic_therapy" and value_at(self.draft, question.steps) == "given":
                self._agents()
            if question.column == "prior_rt_at_site" and value_at(self.draft, question.steps) == "given":
                self._courses()
        case, problems = case_problems(self.draft)
        assert case is not None and not problems, "every answer was checked when it was given"
        return case

    def _concerns(self, question: Question) -> bool:
        return question.when(self.draft, self._row)

    def _ask(self, question: Question, base: Steps) -> bool:
        """Ask until the answer fits; whether there was one other than unknown."""
        column = self._columns[question.column] if question.column else None
        hint = allowed(question, column)
        text = question.ask or (column.ask if column else "")
        while not self._ended:
            say(f"{text}{f' [{hint}]' if hint else ''}")
            line = self._read()
            if line.strip() == "?":
                say(f"  {explanation(question, column)}")
                continue
            try:
                return self._take(line, question, column, base)
            except PorticoError as error:
                self._object(error, question)
        return False

    def _read(self) -> str:
        line = self._stream.readline(4096)
        self._ended = not line
        self._line += 1
        return line

    def _object(self, error: PorticoError, question: Question) -> None:
        if not self._person:
            place = question.column or ".".join(map(str, question.steps))
            problem = error.problem
            raise InputRefused(
                problem.message, code=problem.code, path=place, file="standard input", line=self._line,
                fix=problem.fix,
            ) from None  # fmt: skip
        say(f"  {error.problem.message} {error.problem.fix}".rstrip())

    def _take(self, line: str, question: Question, column: Column | None, base: Steps) -> bool:
        value = read_answer(line, question, column)
        if value is None:
            return False
        tried = deepcopy(self.draft)
        put_answer(tried, base, question, value)
        case, problems = case_problems(tried)
        if case is None or problems:
            first = problems[0]
            message = first.message[0].upper() + first.message[1:]
            raise InputRefused(message, code=first.code, fix=first.fix)
        self.draft, self._row = tried, case.row()
        return True

    def _agents(self) -> None:
        place: Steps = ("cancer", "systemic", "agents")
        for number in range(_MOST):
            put(self.draft, (*place, number), {"status": "current"})
            told = [self._ask(question, (*place, number)) for question in AGENT]
            if not any(told) or self._ended or not self._more("Is there another agent?"):
                return

    def _courses(self) -> None:
        place: Steps = ("prior_radiotherapy", "courses")
        for number in range(_MOST):
            put(self.draft, (*place, number), {"site": "same"})
            self._describe(COURSE, (*place, number))
            more = self._more("Was there another course at this site?", unknown=None)
            if more is None:
                # Without this entry one course would count as the only one, which nobody has said.
                put(self.draft, (*place, number + 1), {"id": "whether there was a further course is unknown"})
            if not more:
                return

    def _describe(self, questions: Sequence[Question], base: Steps) -> None:
        for question in questions:
            if self._concerns(question):
                self._ask(question, base)

    def _more(self, text: str, unknown: bool | None = False) -> bool | None:
        question = Question(None, ("more",), "flag", ask=text, explain="Answer yes to describe it.")
        while not self._ended:
            say(f"{text} [yes, no]")
            line = self._read()
            if line.strip() == "?":
                say(f"  {question.explain}")
                continue
            try:
                answer = read_answer(line, question, None)
            except PorticoError as error:
                self._object(error, question)
                continue
            return unknown if answer is None else bool(answer)
        return unknown


def case_text(case: Case) -> str:
    """The case as YAML in the order of the schema; what is unknown is left out.

    Reading the text back gives an equal case; that is checked here, before anything is written.
    """
    import yaml

    from portico.case import case_from
    from portico.reading import parse_yaml

    text = yaml.safe_dump(case.to_dict(), sort_keys=False, allow_unicode=True, width=100)
    document = parse_yaml(text, name="case.yaml")
    assert case_from(document.value, document) == case, "a case that is written is the case that was answered"
    return text
