"""portico case new: answers one a line, each of which may be unknown."""

from __future__ import annotations

import io
import json

import pytest
import yaml

from portico.case import load_columns, read_case
from portico.case.answers import explanation, read_answer
from portico.case.questions import AGENT, COURSE, QUESTIONS, WITHOUT_QUESTION, Question
from portico.cli.case_new import Interview, case_text
from portico.errors import PorticoError

BY_COLUMN = {question.column: question for question in QUESTIONS if question.column}


class Answers(io.StringIO):
    """Answers by the words of the question; what is not listed is unknown."""

    def __init__(self, told, capsys) -> None:
        super().__init__()
        self.told, self.capsys, self.asked = dict(told), capsys, []

    def readline(self, size=-1):
        question = self.capsys.readouterr().err.strip().splitlines()[-1]
        self.asked.append(question)
        for words, answer in self.told.items():
            if words in question:
                return (answer.pop(0) if isinstance(answer, list) and answer else answer or "") + "\n"
        return "\n"


@pytest.fixture
def interview(capsys):
    def ask(told, *, person=False):
        stream = Answers(told, capsys)
        found = Interview(stream, person=person).run()
        return found, stream.asked

    return ask


def test_every_column_has_a_question_or_a_reason() -> None:
    asked = set(BY_COLUMN)
    assert asked.isdisjoint(WITHOUT_QUESTION)
    assert asked | set(WITHOUT_QUESTION) == set(load_columns().names)


def test_enum_questions_without_column_match_the_schema() -> None:
    from portico.case import Case

    text = str(Case.model_json_schema())
    for question in (*AGENT, *COURSE):
        assert all(f"'{value}'" in text for value in question.values)
        assert question.ask and question.explain


def test_nothing_answered_is_a_case(run) -> None:
    ended = run("case", "new", stdin="")
    assert ended.status == 0
    assert ended.out == "schema: case/1\n"
    assert "The case holds" in ended.err


def test_unknown_to_everything(run) -> None:
    ended = run("case", "new", stdin="unknown\n" * 200)
    assert (ended.status, ended.out) == (0, "schema: case/1\n")


def test_a_femur(interview) -> None:
    case, asked = interview(
        {
            "Which day": "2026-03-02",
            "Which bone?": "femur",
            "Which part of the bone": "Proximal",
            "Which side": "left",
            "been operated on": "yes",
            "When was the operation": "2026-02-10",
            "Which operation": "intramedullary nail",
            "Is an implant": "yes",
            "How long is the implant": "36 cm",
            "Which cancer": "renal_cell",
            "ECOG": "1",
            "at least (months)": "6",
            "at most (months)": "12",
            "irradiated before": "no",
            "decline radiotherapy": "no",
        }
    )
    row = case.row()
    assert row["procedure"] == "intramedullary_nail"
    assert row["days_since_surgery"] == 20
    assert row["hardware_length_cm"] == 36.0
    assert row["prior_rt_at_site"] is False
    assert (row["ecog"], row["kps"]) == (1, None)
    assert (row["survival_months_low"], row["survival_months_high"]) == (6.0, 12.0)
    assert row["declines_radiotherapy"] is False
    assert row["cement"] is None
    text = " ".join(asked)
    assert "epidural" not in text and "Karnofsky" not in text and "cage" not in text


def test_a_spine_with_an_earlier_course(interview) -> None:
    case, asked = interview(
        {
            "Which day": "2026-03-02",
            "Which bone?": "vertebra",
            "Which vertebral levels": "t8, T9",
            "been operated on": "yes",
            "grade was there before": "1C",
            "grade is left": "1a",
            "parts of the vertebra": "1 2 6",
            "irradiated before": "yes",
            "Total dose of the earlier": "30 Gy",
            "how many fractions": "10",
            "By which technique": "conventional",
            "When did it end": "2025-02-14",
            "Largest dose to cord": "31 Gy",
            "On which contour": "thecal_sac",
            "another course": "no",
        }
    )
    row = case.row()
    assert row["levels_n"] == 2
    assert row["escc_preop"] == "1c" and row["escc_postop"] == "1a"
    assert row["compression_now"] is False and row["epidural_preop"] is True
    assert row["prior_rt_courses_n"] == 1 and row["prior_cord_dose_known"] is True
    text = " ".join(asked)
    assert "entirely below the conus" not in text, "thoracic levels say so already"
    assert "Was there epidural disease" not in text, "the grade says so already"
    assert "weight-bearing" not in text


def test_no_grade_is_asked_below_the_conus(interview) -> None:
    case, asked = interview({"Which bone?": "vertebra", "Which vertebral levels": "L4", "been operated on": "yes"})
    assert case.row()["below_conus"] is True
    assert not [q for q in asked if "grade" in q]


def test_an_unknown_number_of_courses_stays_unknown(interview) -> None:
    case, _ = interview({"Which bone?": "femur", "irradiated before": "yes"})
    row = case.row()
    assert row["prior_rt_at_site"] is True
    assert row["prior_rt_courses_n"] is None


def test_two_courses(interview) -> None:
    case, _ = interview({"Which bone?": "femur", "irradiated before": "yes", "another course": ["yes", "no"]})
    assert case.row()["prior_rt_courses_n"] == 2


def test_agents(interview) -> None:
    case, _ = interview(
        {"systemic therapy": "yes", "Name of the agent": ["doxorubicin", "sunitinib"], "kind of agent": ["cytotoxic", ""],
         "another agent": ["yes", "no"]}
    )  # fmt: skip
    row = case.row()
    assert row["systemic_cytotoxic"] is True and row["systemic_recall_agent"] is True


def test_systemic_therapy_without_names_is_still_current(interview) -> None:
    case, _ = interview({"systemic therapy": "yes"})
    row = case.row()
    assert row["systemic_therapy"] is True
    assert row["systemic_cytotoxic"] is None


def test_a_person_is_asked_again_and_can_ask_back(interview, capsys) -> None:
    case, asked = interview(
        {"Which bone?": ["?", "femer", "femur"], "been operated on": ["perhaps", "yes"], "How old": ["sixty", "600", "60"],
         "When was the operation": ["2026-02-30", "10.02.2026", ""], "another": ["?", "eh", "no"], "irradiated before": "yes"},
        person=True,
    )  # fmt: skip
    assert case.row()["bone"] == "femur" and case.row()["age_years"] == 60.0
    assert sum("Which bone?" in q for q in asked) == 3


def test_a_contradiction_is_refused_at_its_answer(interview) -> None:
    case, asked = interview(
        {"Which day": "2026-03-02", "Which bone?": "femur", "been operated on": "yes",
         "When was the operation": ["2026-04-01", "2026-02-01"]},
        person=True,
    )  # fmt: skip
    assert case.row()["days_since_surgery"] == 29
    assert sum("When was the operation" in q for q in asked) == 2


@pytest.mark.parametrize(
    ("lines", "place", "code"),
    [
        (["", "2026-99-99"], "as_of", "bad-date"),
        (["", "yesterday"], "as_of", "bad-answer"),
        (["", "", "femer"], "bone", "bad-answer"),
        (["", "", "vertebra", "T99"], "levels_n", "unknown-value"),
    ],
)
def test_a_bad_answer_from_a_file_ends_it_with_its_line(run, tmp_path, lines, place, code) -> None:
    out = tmp_path / "case.yaml"
    ended = run("case", "new", "--out", out, stdin="\n".join(lines) + "\n")
    assert ended.status == 3
    last = ended.err.splitlines()[-1]
    assert last.startswith(f"standard input:{len(lines)}: {place}: ")
    assert lines[-1] not in last
    assert not out.exists()


def test_the_file_is_written_and_checks(run, tmp_path) -> None:
    out = tmp_path / "new" / "case.yaml"
    ended = run("case", "new", "--out", out, stdin="A: #1 'no'\n2026-03-02\nfemur\n")
    assert (ended.status, ended.out) == (0, "")
    assert read_case(out).label == "A: #1 'no'"
    assert run("case", "check", out).status == 0


def test_the_printed_case_can_be_read_back(run, tmp_path) -> None:
    ended = run("case", "new", stdin="label\n2026-03-02\nvertebra\nT9\n")
    path = tmp_path / "case.yaml"
    path.write_text(ended.out)
    assert read_case(path).row()["levels_n"] == 1


def test_the_case_as_json_is_a_case(run, tmp_path) -> None:
    found = run("case", "new", "--json", stdin="label\n2026-03-02\nfemur\n").json
    assert found["file"] is None
    path = tmp_path / "case.json"
    path.write_text(json.dumps(found["case"]))
    assert read_case(path).row()["bone"] == "femur"
    out = tmp_path / "case.yaml"
    assert run("case", "new", "--json", "--out", out, stdin="").json["file"] == str(out)


def test_an_existing_file_is_never_replaced(run, tmp_path) -> None:
    out = tmp_path / "case.yaml"
    out.write_text("mine")
    assert run("case", "new", "--out", out, stdin="").status == 2
    assert out.read_text() == "mine"
    assert run("case", "new", "--out", tmp_path / "case.txt", stdin="").status == 2


def test_text_that_looks_like_something_else_survives(cases) -> None:
    for path in sorted(cases.glob("*.yaml")):
        case = read_case(path)
        again = yaml.load(case_text(case), Loader=yaml.BaseLoader)
        assert again["schema"] == "case/1"


def test_every_question_explains_itself() -> None:
    columns = load_columns()
    for question in (*QUESTIONS, *AGENT, *COURSE):
        column = columns[question.column] if question.column else None
        assert explanation(question, column).endswith(".")
        assert (question.ask or (column and column.ask)).endswith("?")


@pytest.mark.parametrize(
    ("kind", "text"),
    [("int", "1.5"), ("int", "-1"), ("int", "one"), ("number", "1e3"), ("number", "nan"), ("flag", "maybe"), ("date", "2026-1-1"),
     ("dose", "30"), ("dose", "800 Gy"), ("length", "36"), ("sectors", "7"), ("sectors", "T8")],
)  # fmt: skip
def test_answers_that_do_not_fit(kind, text) -> None:
    with pytest.raises(PorticoError) as caught:
        read_answer(text, Question(None, ("x",), kind), None)
    assert text not in caught.value.problem.message


def test_today_is_a_date() -> None:
    import datetime as dt

    assert dt.date.fromisoformat(read_answer("today", Question(None, ("x",), "date"), None)) <= dt.date.today()
