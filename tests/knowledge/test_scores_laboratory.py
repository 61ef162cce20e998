"""The laboratory tier of the Katagiri score."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.errors import QuantityRefused
from portico.knowledge.scores import classify_katagiri_laboratory, compute, load_scores

NORMAL = {
    "crp_mg_dl": 0.1,
    "ldh_iu_l": 180.0,
    "albumin_g_dl": 4.2,
    "platelets_per_ul": 250000.0,
    "calcium_mg_dl": 9.4,
    "bilirubin_mg_dl": 0.7,
}


@pytest.mark.parametrize(
    ("analyte", "value", "tier"),
    [
        ("crp_mg_dl", 0.39, "normal"),
        ("crp_mg_dl", 0.4, "abnormal"),
        ("ldh_iu_l", 249, "normal"),
        ("ldh_iu_l", 250, "abnormal"),
        ("albumin_g_dl", 3.7, "normal"),
        ("albumin_g_dl", 3.69, "abnormal"),
        ("platelets_per_ul", 100000, "normal"),
        ("platelets_per_ul", 99999, "critical"),
        ("calcium_mg_dl", 10.29, "normal"),
        ("calcium_mg_dl", 10.3, "critical"),
        ("bilirubin_mg_dl", 1.39, "normal"),
        ("bilirubin_mg_dl", 1.4, "critical"),
    ],
)
def test_each_limit_at_its_edge(analyte: str, value: float, tier: str) -> None:
    assert classify_katagiri_laboratory(**{**NORMAL, analyte: value}).tier == tier


def test_a_critical_value_settles_the_tier_alone() -> None:
    tier = classify_katagiri_laboratory(platelets_per_ul=50000)
    assert (tier.tier, tier.missing) == ("critical", ())


def test_an_abnormal_value_leaves_critical_open() -> None:
    tier = classify_katagiri_laboratory(crp_mg_dl=2.0, platelets_per_ul=200000.0)
    assert (tier.tier, tier.possible) == (None, ("abnormal", "critical"))
    assert tier.missing == ("calcium_mg_dl", "bilirubin_mg_dl")


def test_missing_is_never_normal() -> None:
    for left_out in NORMAL:
        given_values = {k: v for k, v in NORMAL.items() if k != left_out}
        assert classify_katagiri_laboratory(**given_values).tier is None
    assert classify_katagiri_laboratory().possible == ("normal", "abnormal", "critical")


@pytest.mark.parametrize(
    ("analyte", "value"),
    [
        ("albumin_g_dl", 38),
        ("platelets_per_ul", 150),
        ("calcium_mg_dl", 2.4),
        ("bilirubin_mg_dl", 80),
        ("crp_mg_dl", 90),
        ("ldh_iu_l", 3),
    ],
)
def test_a_value_in_another_unit_is_refused(analyte: str, value: float) -> None:
    with pytest.raises(QuantityRefused, match="Was it in") as caught:
        classify_katagiri_laboratory(**{analyte: value})
    assert caught.value.code == "laboratory-implausible"


def test_the_presumed_unit_of_bilirubin_is_said() -> None:
    assert any("no unit" in note for note in classify_katagiri_laboratory(bilirubin_mg_dl=0.5).notes)
    assert not any("no unit" in note for note in classify_katagiri_laboratory(calcium_mg_dl=9.0).notes)


@given(st.sets(st.sampled_from(sorted(NORMAL))), st.sets(st.sampled_from(sorted(NORMAL))))
def test_more_values_never_open_a_tier(few: set[str], more: set[str]) -> None:
    low = classify_katagiri_laboratory(**{k: NORMAL[k] for k in few})
    high = classify_katagiri_laboratory(**{k: NORMAL[k] for k in few | more})
    assert set(high.possible) <= set(low.possible)


def test_values_reach_the_score() -> None:
    katagiri = load_scores()["katagiri_2014"]
    rest: dict[str, str | int | float | None] = {
        "primary_group": "rapid", "visceral_or_cerebral": "none", "ecog": 1,
        "previous_chemotherapy": "no", "multiple_skeletal_mets": "no",
    }  # fmt: skip
    assert compute(katagiri, {**rest, **NORMAL}).total == 3
    assert compute(katagiri, {**rest, **NORMAL, "ldh_iu_l": 400}).total == 4
    critical = compute(katagiri, {**rest, **NORMAL, "ldh_iu_l": 400, "calcium_mg_dl": 12})
    assert critical.total == 5
    open_tier = compute(katagiri, {**rest, "ldh_iu_l": 400})
    assert (open_tier.low, open_tier.high, open_tier.missing) == (4, 5, ("laboratory",))
    assert open_tier.class_id == "score_4_6"
