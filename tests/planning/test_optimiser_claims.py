"""The optimiser's claims hold."""

from __future__ import annotations

from portico.planning.optimiser_claims import conflict_claims, frontier_claims, gradient_claims, linear_claims


def test_the_claims_hold() -> None:
    claims = [
        claim for check in (linear_claims, gradient_claims, conflict_claims, frontier_claims) for claim in check()
    ]
    assert [claim.claim for claim in claims if not claim.ok] == []
    assert len(claims) == 19 and {claim.chapter for claim in claims} == {"planning"}
    assert {claim.got for claim in claims if "core at most" in claim.claim} == {"kept", "goals-conflict"}
