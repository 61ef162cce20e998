"""The room's claims: present, sourced, and all true on this machine."""

import pytest

import portico.claims
from portico.biology import Exposure, claims
from portico.biology.claims import TABLE, biology_claims, reirradiation_claims


def test_every_claim_holds() -> None:
    told = [*biology_claims(), *reirradiation_claims()]
    assert [claim for claim in told if not claim.ok] == []
    assert all(claim.source for claim in told)


def test_the_chapters_are_complete() -> None:
    biology, again = list(biology_claims()), list(reirradiation_claims())
    assert {claim.chapter for claim in biology} == {"biology"}
    assert {claim.chapter for claim in again} == {"re-irradiation"}
    assert len(TABLE) == 19
    assert len(biology) == 19 * 6 + 6 + 4 + 4 + 5 + 4
    assert len(again) == 9 + 3 + 4
    names = [claim.claim for claim in [*biology, *again]]
    assert len(set(names)) == len(names)


def test_importing_the_room_registers_both_chapters() -> None:
    assert {"biology", "re-irradiation"} <= set(portico.claims.chapters())
    told = list(portico.claims.run(["biology", "re-irradiation"]))
    assert len(told) >= len(TABLE) * 6
    assert all(claim.ok for claim in told)


def test_a_wrong_formula_fails_its_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "eqd2", lambda dose, count, ratio: dose)
    wrong = [claim for claim in biology_claims() if not claim.ok]
    assert len(wrong) > 70
    assert all("EQD2" in claim.claim for claim in wrong)


def test_a_model_that_answers_out_of_range_fails_its_claim() -> None:
    assert claims._refusal(Exposure(2.0, "spinal_cord", "conventional")) == "answered"
    assert claims._refusal(Exposure(20.0, "spinal_cord", "conventional")) == "model-out-of-range"
