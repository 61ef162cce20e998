"""The accuracy chapter holds, and would notice an error."""

from __future__ import annotations

import numpy as np
import pytest

from portico.claims import run
from portico.dosimetry import claims
from portico.dosimetry.analytic import ball_of, cone_of, cylinder_of


def test_reference_volumes():
    assert ball_of(5.0).volume_mm3 == pytest.approx(4 / 3 * np.pi * 125, rel=1e-5)
    assert cylinder_of(5.0, 20.0).volume_mm3 == pytest.approx(np.pi * 500)
    assert cone_of(5.0, 10.0).volume_mm3 == pytest.approx(np.pi * 250 / 3, rel=1e-5)
    assert ball_of(5.0).dose_with_hot_volume("linear z", ball_of(5.0).volume_mm3 / 2) == pytest.approx(200.0, abs=1e-4)


def test_chapter_holds(monkeypatch):
    monkeypatch.setattr(claims, "SIZES", ((10.0, 5), (24.0, 4)))
    monkeypatch.setattr(claims, "RULE_SIZES_MM", (claims.SMALL_MM, 24.0))
    found = list(run(["dosimetry"]))
    assert len(found) > 400
    assert [claim.claim for claim in found if not claim.ok] == []


def test_chapter_notices_a_rule_that_is_not_what_it_says(monkeypatch):
    monkeypatch.setattr(claims, "RULE_SIZES_MM", (10.0,))
    monkeypatch.setattr(claims, "RULES", (("none", 0.0), ("half", 0.45), ("full", 1.0)))
    assert [one.ok for one in claims.rule_claims()] == [True, False, True] * 3


def test_chapter_notices_a_shift_of_half_a_voxel(monkeypatch):
    original = claims.dose_of

    def shifted(*arguments, **more):
        dose = original(*arguments, **more)
        object.__setattr__(dose.grid, "origin", dose.grid.origin + 0.5)
        return dose

    monkeypatch.setattr(claims, "dose_of", shifted)
    worst = claims.worst_errors("ball", ball_of(12.0), "linear x", 1.0, 2)
    assert worst["D95%"] > claims.DOSE_GY[1.0]
