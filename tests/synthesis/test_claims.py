"""The chapter holds, and would notice an error."""

from __future__ import annotations

from portico.claims import run
from portico.synthesis import claims
from portico.synthesis.reference.metafor_values import Frozen


def test_chapter_holds():
    found = list(run(["synthesis"]))
    assert len(found) > 850
    assert [claim.claim for claim in found if not claim.ok] == []
    assert any("289" in str(claim.expected) for claim in found)


def test_chapter_notices_a_wrong_digit(monkeypatch):
    frozen = claims.FROZEN["bcg RR REML"]
    bent = Frozen(frozen.call, frozen.values | {"tau2": frozen.values["tau2"] + 2e-6})
    monkeypatch.setattr(claims, "FROZEN", {"bcg RR REML": bent})
    assert [claim.claim for claim in claims.frozen_claims() if not claim.ok] == ["bcg RR REML: tau2"]
    monkeypatch.setattr(claims, "PRINTED", (("pignon all", "ratio", 0.8953, "wrong"),))
    assert [claim.claim for claim in claims.published_claims() if not claim.ok] == ["wrong"]


def test_a_pool_of_one_would_be_noticed(monkeypatch):
    monkeypatch.setattr(claims, "pool", lambda effects: effects)
    assert [claim.got for claim in claims.published_claims() if not claim.ok] == ["answered"]
