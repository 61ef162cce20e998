"""The chapter ``planning`` of ``portico verify``."""

from __future__ import annotations

import portico.planning  # noqa: F401  importing the room registers its claims
from portico.claims import run


def test_every_claim_of_the_chapter_holds():
    claims = list(run(["planning"]))
    assert len(claims) >= 13
    assert [one.claim for one in claims if not one.ok] == []


def test_it_notices_a_depth_that_is_wrong(monkeypatch):
    from portico.planning import dose_claims

    real = dose_claims.depths_mm
    monkeypatch.setattr(dose_claims, "depths_mm", lambda *given: real(*given) * 1.001)
    assert [one.ok for one in dose_claims.dose_engine_claims()].count(False) == 3
