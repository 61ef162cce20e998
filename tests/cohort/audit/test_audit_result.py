"""The document of an audit: read back as it was written, and nothing else is taken for one."""

from __future__ import annotations

import dataclasses
import json

import pytest

from portico.cohort import audit_result as a
from portico.errors import InputRefused


def a_result() -> a.AuditResult:
    """Every class once, with unknown parts."""
    some = a.VerdictCounts(None, 1, 2, 3)
    days = a.DaysGroup("A", 2, 1, 3.0, 4.0, 5.0, 6.0, 7.0)
    return a.AuditResult(
        synthetic=True, software_version="1", knowledge_version="2", watermark=None, threshold=5,
        rows=a.RowCounts(3, 2, 1, 2, (a.ProblemCount("start_day", "negative", 1),), ("kps",), 1),
        concordance=a.Concordance(some, (a.ReasonCount("not_offered", "r", "says", None, 2),), (some,), (some,), (some,), (some,)),
        rules=(a.RuleCount("r", "gate", 1, 2, 3),),
        schedules=a.Schedules((a.ScheduleCount(30.0, 10, 2),), 1, 0.0, (a.CentreSchedules(None, 1, 0, None),)),
        interval=a.Days(days, (days,)),
        referral=a.Referral(42, 1, 1, 1, 0.5, 0.1, 0.9, 1 / 3, (a.PublishedShare("s", "arm", "l", 0.8, 0.7, None, 8, 10, "abstract"),)),
        hardware=a.HardwareCoverage(1, 0, 2, (0,) * 10 + (1,)),
        funnels=(a.FunnelFigure("offered", ("bone",), 0, 0.5, None, (a.FunnelRow("A", 2, 1, 1.0, 1.0, 0.1, 3.0, 0.5, True, None, 0.0, 0.0, 0.0, 1.0, 1.0),)),),
        charts=(a.Chart("offered", 1, 0.5, (a.ChartDot("2024", 1, 2, 0.0, 1.0, None, 1),)),),
        incidence=(a.Incidence("local_failure", "all", None, 2, 1, 0, 1, (), (a.IncidencePoint(7, 0.5, 0.1, 0.9, 1),)),),
        tests=(a.GroupTest("local_failure", "verdict", ("a", "b"), 1.0, 1, 0.3),),
        local_failure_definitions=((None, 1), ("imaging", 2)),
        characteristics=(a.Characteristic("bone", "bone", None, ("sbrt", None), (a.Level(None, (1, 2)),)),),
        notes=("a note",),
    )  # fmt: skip


def test_reads_back_what_it_wrote():
    made = a_result()
    text = made.to_json()
    assert a.AuditResult.from_json(text) == made and a.AuditResult.from_json(text.encode()).to_json() == text
    named = {value for value in vars(a).values() if dataclasses.is_dataclass(value)}
    assert {value.__name__ for value in named} == set(a.__all__)


@pytest.mark.parametrize(
    "change",
    [{"schema": "audit/2"}, {"threshold": "5"}, {"more": 1}, {"synthetic": None}, {"rows": {}}, {"notes": "a note"}],
)
def test_anything_else_is_refused(change):
    with pytest.raises(InputRefused) as refused:
        a.AuditResult.from_json(json.dumps({**json.loads(a_result().to_json()), **change}))
    assert refused.value.code == "audit-form"
    for text in ("", "[]", "{", "null"):
        with pytest.raises(InputRefused):
            a.AuditResult.from_json(text)
