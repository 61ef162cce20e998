"""Bad cases: each a typed error that names file, line and path; nothing is written; no traceback, no hang."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from pace import pace
from portico.advice import Engine, advise
from portico.case import case_problems, read_case
from portico.errors import PorticoError
from portico.knowledge import load_library
from portico.reading import parse_json, parse_yaml

HERE = Path(__file__).parent
CASES = sorted((HERE.parents[1] / "examples" / "cases").glob("*.yaml"))
COUNT = int(os.environ.get("PORTICO_FUZZ", "2000"))
ENGINE = Engine(load_library())


@pytest.mark.parametrize(
    ("name", "code", "path", "line"),
    [
        ("duplicate-dose.yaml", "duplicate-key", "prior_radiotherapy.courses[0].dose", 7),
        ("nan.yaml", "not-a-number", "patient.age_years", 3),
        ("dose-without-unit.yaml", "dose-without-unit", "prior_radiotherapy.courses[0].dose", 4),
        ("cgy-as-gy.yaml", "dose-implausible", "prior_radiotherapy.courses[0].dose", 4),
        ("radiotherapy-before-surgery.yaml", "date-order", "plan.intended_start", 9),
        ("wrong-side.yaml", "side-mismatch", "surgeries[0].side", 6),
        ("alias-bomb.yaml", "alias-refused", "label", 2),
        ("yaml-no.yaml", "ambiguous-scalar", "wishes.declines_radiotherapy", 3),
        ("yaml-octal.yaml", "ambiguous-scalar", "patient.age_years", 3),
        ("tag.yaml", "tag-refused", "label", 2),
        ("nan.json", "not-a-number", "patient.age_years", 1),
        ("duplicate.json", "duplicate-key", "as_of", 1),
    ],
)
def test_bad_case(name: str, code: str, path: str, line: int) -> None:
    with pytest.raises(PorticoError) as caught:
        read_case(HERE / name)
    problem = caught.value.problems[0]
    assert (problem.code, problem.path, problem.line) == (code, path, line)
    assert problem.file is not None and problem.file.endswith(name)
    assert caught.value.exit_status == 3


def test_deep_nesting_is_refused_quickly(tmp_path: Path) -> None:
    path = tmp_path / "deep.yaml"
    path.write_text("schema: case/1\nnotes: " + "[" * 200_000, encoding="utf-8")
    start = time.process_time()
    with pytest.raises(PorticoError) as caught:
        read_case(path)
    assert caught.value.code == "too-deep"
    assert time.process_time() - start < 2 * pace()


def test_a_hundred_megabytes_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    start = time.process_time()
    with pytest.raises(PorticoError) as caught:
        read_case(path)
    assert caught.value.code == "too-large"
    assert time.process_time() - start < 1 * pace()


_PIECES = (
    "{", "}", "[", "]", ":", ",", "-", "#", "&a", "*a", "!!str", "|", ">", "'", '"', "\n", "  ", "\t", "\x00", "é", "\u202e",
    "null", "~", "true", "no", "0x1F", "012", "1e999", ".inf", "-1", "99999999999999999999", "2026-02-30", "800 Gy", "30", "1,5 Gy",
)  # fmt: skip


def mutated(text: str, rng: random.Random) -> str:
    """One to four small changes of a text."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text) + 1)
        kind = rng.randrange(6)
        if kind == 0:
            text = text[:at] + rng.choice(_PIECES) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + rng.randint(1, 20) :]
        elif kind == 2:
            text = text[:at]
        elif kind == 3:
            end = min(len(text), at + rng.randint(1, 60))
            text = text[:end] + text[at:end] + text[end:]
        elif kind == 4:
            lines = text.split("\n")
            rng.shuffle(lines)
            text = "\n".join(lines)
        else:
            words = text.split(" ")
            i, j = rng.randrange(len(words)), rng.randrange(len(words))
            words[i], words[j] = words[j], words[i]
            text = " ".join(words)
        text = text or "x"
    return text


def test_mutated_cases_end_in_advice_or_a_typed_error() -> None:
    rng = random.Random(20261123)
    texts = [path.read_text(encoding="utf-8") for path in CASES]
    slowest = 0.0
    good = 0
    for i in range(COUNT):
        text = mutated(rng.choice(texts), rng)
        start = time.process_time()
        try:
            parse = parse_json if i % 10 == 0 else parse_yaml
            document = parse(text, name="case")
            case, problems = case_problems(document.value, document)
            assert case is not None or problems
            if case is not None and not problems:
                good += 1
                advise(case, ENGINE)
        except PorticoError as error:
            assert error.code and error.exit_status == 3
        slowest = max(slowest, time.process_time() - start)
    assert slowest < 2 * pace()
    assert good > 0
