"""RTPLAN out: what is read is what was written, and what must not be written is refused."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from portico.errors import InputRefused
from portico.rt import Plan, plan_bytes, plan_uid, read_contents, read_study, write_plan

FILES = ("spine-phantom/plan.dcm", "femur-phantom/plan.dcm", "rt/dicompyler/rtplan.dcm.gz")


def real_plans() -> list[Plan]:
    """Plans of the shipped files, as drafts: no meterset, not approved, labels that fit."""
    made = []
    for name in FILES:
        raw = (Path("tests/data") / name).read_bytes()
        for plan in read_contents([(name, gzip.decompress(raw) if name.endswith(".gz") else raw)]).plans:
            groups = {
                number: replace(group, beams=tuple(replace(one, meterset=None) for one in group.beams))
                for number, group in plan.fraction_groups.items()
            }
            beams = {
                number: replace(beam, machine=(beam.machine or "none")[:16]) for number, beam in plan.beams.items()
            }
            label = (plan.label or "")[:16]
            made.append(
                replace(
                    plan,
                    approval="UNAPPROVED",
                    fraction_groups=groups,
                    beams=beams,
                    label=label,
                    frame_uid=plan.frame_uid or "2.25.1",
                )
            )
    return made


PLANS = real_plans()


def test_there_are_plans_to_try():
    assert len(PLANS) == 3 and all(plan.beams for plan in PLANS)


@pytest.mark.parametrize("number", range(len(PLANS)))
def test_a_real_plan_comes_back(number, tmp_path):
    plan = PLANS[number]
    write_plan(tmp_path / "plan.dcm", plan)
    (back,) = read_study(tmp_path).plans
    for word in (
        "uid",
        "label",
        "approval",
        "intent",
        "geometry",
        "frame_uid",
        "structure_set_uids",
        "dose_uids",
        "patient_positions",
    ):
        assert getattr(back, word) == (getattr(plan, word) or None if word in ("label",) else getattr(plan, word)), word
    assert back.fraction_groups == plan.fraction_groups and back.dose_references == plan.dose_references
    assert set(back.beams) == set(plan.beams)
    for key, beam in plan.beams.items():
        other = back.beams[key]
        for word in ("name", "kind", "radiation", "delivery", "machine", "fluence_mode", "final_weight", "sad_mm"):
            assert getattr(other, word) == getattr(beam, word), word
        assert other.dosimeter_unit is None
        for word in ("weight", "gantry_deg", "collimator_deg", "couch_deg", "isocentre_mm", "energy"):
            assert np.allclose(
                getattr(other.control_points, word), getattr(beam.control_points, word), equal_nan=True
            ), word
        assert set(other.devices) == set(beam.devices)
        for kind, device in beam.devices.items():
            assert np.allclose(other.devices[kind].positions_mm, device.positions_mm, equal_nan=True)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"approval": "APPROVED"}, "plan-approved"),
        ({"approval": None}, "plan-approved"),
        ({"frame_uid": None}, "frame-unknown"),
        ({"label": "x" * 17}, "text-too-long"),
    ],
)
def test_what_must_not_be_written_is_refused(change, code):
    with pytest.raises(InputRefused) as refused:
        plan_bytes(replace(PLANS[0], **change))
    assert refused.value.code == code


def test_a_meterset_or_a_beam_without_angles_is_refused():
    plan = PLANS[0]
    number, group = next(iter(plan.fraction_groups.items()))
    given = replace(group, beams=tuple(replace(one, meterset=100.0) for one in group.beams))
    with pytest.raises(InputRefused) as meterset:
        plan_bytes(replace(plan, fraction_groups={number: given}))
    assert meterset.value.code == "meterset-stated"
    key, beam = next(iter(plan.beams.items()))
    lost = replace(beam.control_points, gantry_deg=np.full(len(beam.control_points), np.nan))
    with pytest.raises(InputRefused) as angles:
        plan_bytes(replace(plan, beams={key: replace(beam, control_points=lost)}))
    assert angles.value.code == "control-points"


def test_the_identifier_is_that_of_the_content():
    plan = PLANS[0]
    assert plan_uid(plan) == plan_uid(replace(plan, uid="2.25.9")) and plan_uid(plan) != plan_uid(
        replace(plan, label="other")
    )
    key, beam = next(iter(plan.beams.items()))
    assert plan_uid(plan) != plan_uid(replace(plan, beams={key: replace(beam, machine="ANOTHER")}))
