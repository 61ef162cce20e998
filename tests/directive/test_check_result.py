"""Check results: the verdict is what the numbers say, the counts are those of the items."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.directive import CheckItem, CheckResult, check_result_from, summarise
from portico.errors import DirectiveRefused
from portico.reading import parse_yaml

Data = dict[str, Any]


def item(**parts: Any) -> Data:
    return {
        "kind": "limit",
        "code": "limit",
        "roi": "SpinalCord",
        "metric": "D0.03cc",
        "value": 16.9,
        "unit": "Gy",
        "limit": 17.0,
        "op": "<=",
        "verdict": "met",
        "why": "read from the dose grid",
        "source_id": "study-cord",
        "verified": "abstract",
        **parts,
    }


def result(*items: Data, **parts: Any) -> Data:
    counts = {
        name: sum(1 for each in items if each["verdict"] == name)
        for name in ("met", "not_met", "cannot_tell", "no_limit", "info")
    }
    return {
        "schema": "check-result/1",
        "directive_hash": "ab" * 32,
        "plan": [{"kind": "plan", "sop_uid_sha256": "cd" * 32}],
        "items": list(items),
        "summary": counts,
        "exit_status": 0,
        "end_cap": "tapered",
        "intended_use": "for research",
        "software_version": "0.1.0",
        **parts,
    }


NO_LIMIT = item(verdict="no_limit", limit=None, op=None, source_id=None, verified=None)
CANNOT_TELL = item(verdict="cannot_tell", value=None, why="the structure is missing")
NOT_MET = item(verdict="not_met", value=17.1)
FACT = {"kind": "identity", "code": "frame", "verdict": "met", "why": "frame of reference agrees"}


@pytest.mark.parametrize(
    ("items", "exit_status"),
    [
        ([item()], 0),
        ([item(), FACT], 0),
        ([item(), NOT_MET], 1),
        ([NOT_MET, CANNOT_TELL], 1),
        ([item(), CANNOT_TELL], 4),
        ([item(), NO_LIMIT], 4),
        ([FACT | {"verdict": "not_met"}, NO_LIMIT], 1),
        ([item(), FACT | {"verdict": "info"}], 0),
        ([FACT | {"verdict": "info"}], 4),
        ([FACT | {"verdict": "cannot_tell"}], 4),
        ([], 4),
    ],
)
def test_exit_status(items: list[Data], exit_status: int) -> None:
    found = check_result_from(result(*items, exit_status=exit_status))
    assert found.exit_status == exit_status
    assert check_result_from(found.to_dict()) == found
    assert summarise(found.items) == (found.summary, exit_status)
    for other in {0, 1, 4} - {exit_status}:
        with pytest.raises(DirectiveRefused) as caught:
            check_result_from(result(*items, exit_status=other))
        assert caught.value.code == "summary-contradiction"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (item(value=17.1), "verdict-contradiction"),
        (item(verdict="not_met"), "verdict-contradiction"),
        (item(op=">="), "verdict-contradiction"),
        (item(op=">=", verdict="not_met", value=17.0), "verdict-contradiction"),
        (item(value=None), "verdict-contradiction"),
        (item(limit=None), "verdict-contradiction"),
        (item(unit=None), "verdict-contradiction"),
        (item(roi=None), "verdict-contradiction"),
        (item(verdict="no_limit"), "verdict-contradiction"),
        (item(verified="memory"), "verdict-contradiction"),
        (FACT | {"verdict": "no_limit"}, "verdict-contradiction"),
        (item(unit="cm3"), "unit-mismatch"),
        (item(verdict="cannot_tell", unit="%"), "unit-mismatch"),
        (item(metric="D95"), "metric-unknown"),
        (item(value="16.9 Gy"), "bad-number"),
        (item(vlue=1), "unknown-field"),
    ],
)
def test_item_that_contradicts_itself(changed: Data, code: str) -> None:
    with pytest.raises(DirectiveRefused) as caught:
        check_result_from(result(changed))
    assert code in [problem.code for problem in caught.value.problems]
    assert all(problem.path.startswith("items[0]") for problem in caught.value.problems)


@pytest.mark.parametrize(
    "held",
    [
        item(value=17.0),
        item(op=">=", value=17.0),
        item(verdict="cannot_tell"),
        item(verdict="cannot_tell", metric=None, unit=None, value=None, limit=None, op=None),
        item(metric="V20Gy", unit="%", value=3, limit=10),
        item(kind="goal", metric="D95%", op=">=", value=30, limit=29.5),
    ],
)
def test_item_that_holds(held: Data) -> None:
    assert CheckItem.model_validate(held).why


def test_counts_must_be_those_of_the_items() -> None:
    data = result(item())
    data["summary"]["met"] = 2
    with pytest.raises(DirectiveRefused, match="summary or exit_status"):
        check_result_from(data)


def test_line_is_named() -> None:
    document = parse_yaml("schema: check-result/1\nplann: []\n", name="result.yaml")
    with pytest.raises(DirectiveRefused) as caught:
        check_result_from(document.value, document)
    places = {(problem.code, problem.path): problem.line for problem in caught.value.problems}
    assert places[("unknown-field", "plann")] == 2
    assert {problem.file for problem in caught.value.problems} == {"result.yaml"}


@pytest.mark.parametrize("value", [None, [], 3, "text"])
def test_not_a_mapping(value: Any) -> None:
    with pytest.raises(DirectiveRefused):
        check_result_from(value)


@given(
    st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100), st.sampled_from(["<=", ">="]), st.booleans()), max_size=8)
)
def test_a_verdict_never_flatters(rows: list[tuple[float, float, str, bool]]) -> None:
    items = []
    for value, limit, op, known in rows:
        holds = value <= limit if op == "<=" else value >= limit
        verdict = ("met" if holds else "not_met") if known else "cannot_tell"
        items.append(CheckItem.model_validate(item(value=value, limit=limit, op=op, verdict=verdict)))
    summary, exit_status = summarise(items)
    assert summary.met + summary.not_met + summary.cannot_tell + summary.no_limit == len(rows)
    assert (exit_status == 0) == (bool(items) and all(each.verdict == "met" for each in items))
    found = CheckResult(
        schema="check-result/1", directive_hash="ab" * 32, plan=(), items=tuple(items), summary=summary,
        exit_status=exit_status, end_cap="tapered", intended_use="for research", software_version="0.1.0",
    )  # fmt: skip
    assert check_result_from(found.to_dict()) == found
