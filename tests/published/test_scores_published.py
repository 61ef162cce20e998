"""Scores against the published tables, written down here a second time and by hand.

The tables below repeat the evidence record (points, ranges, classes, figures, flags) independently of the
shipped files, so that a slip in either shows.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from portico.knowledge.scores import compute, load_scores, points_range

SCORES = load_scores()

USABLE = {
    "mirels",
    "harrington_acetabular",
    "sins",
    "escc_bilsky",
    "tokuhashi_revised",
    "tomita",
    "bauer_modified",
    "katagiri_2014",
    "nrf_chow",
    "teachh",
    "rades_mscc_short_life",
    "van_der_linden",
    "frankel_asia",
    "ecog_kps_map",
    "bpi_sf",
    "msts93",
}
NOT_USABLE = {
    "harrington_impending",
    "nesms",
    "bollen_optimodel",
    "metsss",
    "sorg_spine",
    "sorg_extremity",
    "spring_2013",
    "pathfx_3",
    "bmets",
    "rades_mscc_survival_2008",
    "rades_mscc_ambulatory_2008",
    "osri",
    "neat",
    "icpre_pain_response",
    "qlq_bm22",
    "sosgoq2",
    "tess",
    "ctcae_fracture_myelitis",
    "spino_local_control",
    "rano",
}

RANGES = {
    "mirels": (4, 12),
    "sins": (0, 18),
    "tokuhashi_revised": (0, 15),
    "tomita": (2, 10),
    "bauer_modified": (0, 4),
    "katagiri_2014": (0, 10),
    "nrf_chow": (0, 3),
    "teachh": (0, 6),
    "rades_mscc_short_life": (6, 25),
    "van_der_linden": (0, 6),
    "msts93": (0, 30),
    "bpi_sf": (0, 10),
}

DIRECTIONS = {
    "higher_is_better": {
        "tokuhashi_revised",
        "bauer_modified",
        "nesms",
        "rades_mscc_survival_2008",
        "rades_mscc_ambulatory_2008",
        "van_der_linden",
        "msts93",
    },
    "higher_is_worse": {
        "tomita",
        "katagiri_2014",
        "nrf_chow",
        "teachh",
        "osri",
        "mirels",
        "sins",
        "escc_bilsky",
        "rades_mscc_short_life",
        "bpi_sf",
    },
}

YES_NO = {"no": 0, "yes": 1}
NO_YES = {"no": 1, "yes": 0}
POINTS: dict[str, dict[str, dict[Any, int]]] = {
    "mirels": {
        "site": {"upper_limb": 1, "lower_limb": 2, "peritrochanteric": 3},
        "pain": {"mild": 1, "moderate": 2, "functional": 3},
        "lesion_type": {"blastic": 1, "mixed": 2, "lytic": 3},
        "size": {"under_one_third": 1, "one_to_two_thirds": 2, "over_two_thirds": 3},
    },
    "sins": {
        "location": {"junctional": 3, "mobile": 2, "semirigid": 1, "rigid": 0},
        "pain": {"mechanical": 3, "occasional_non_mechanical": 1, "painless": 0},
        "bone_lesion": {"lytic": 2, "mixed": 1, "blastic": 0},
        "alignment": {"subluxation_translation": 4, "new_deformity": 2, "normal": 0},
        "collapse": {"over_half": 3, "under_half": 2, "none_over_half_involved": 1, "none": 0},
        "posterolateral": {"bilateral": 3, "unilateral": 1, "none": 0},
    },
    "tokuhashi_revised": {
        "kps": {10: 0, 20: 0, 30: 0, 40: 0, 50: 1, 60: 1, 70: 1, 80: 2, 90: 2, 100: 2},
        "extraspinal_bone_mets": {0: 2, 1: 1, 2: 1, 3: 0, 9: 0},
        "vertebral_mets": {1: 2, 2: 1, 3: 0, 9: 0},
        "major_organ_mets": {"unremovable": 0, "removable": 1, "none": 2},
        "primary_site": {
            "lung": 0,
            "osteosarcoma": 0,
            "stomach": 0,
            "bladder": 0,
            "oesophagus": 0,
            "pancreas": 0,
            "liver": 1,
            "gallbladder": 1,
            "unidentified": 1,
            "other": 2,
            "kidney": 3,
            "uterus": 3,
            "rectum": 4,
            "thyroid": 5,
            "breast": 5,
            "prostate": 5,
            "carcinoid": 5,
        },
        "palsy": {"frankel_a": 0, "frankel_b": 0, "frankel_c": 1, "frankel_d": 1, "frankel_e": 2},
    },
    "tomita": {
        "primary_growth": {"slow": 1, "moderate": 2, "rapid_or_no_primary_found": 4},
        "visceral_mets": {"none": 0, "treatable": 2, "untreatable": 4},
        "bone_mets": {"solitary": 1, "multiple": 2},
    },
    "bauer_modified": {
        "visceral_mets": NO_YES,
        "primary": {"lung": 0, "other": 1, "breast": 2, "kidney": 2, "lymphoma": 2, "myeloma": 2},
        "solitary_skeletal_met": YES_NO,
    },
    "katagiri_2014": {
        "primary_group": {"slow": 0, "moderate": 2, "rapid": 3},
        "visceral_or_cerebral": {"none": 0, "nodular": 1, "disseminated": 2},
        "laboratory": {"normal": 0, "abnormal": 1, "critical": 2},
        "ecog": {0: 0, 1: 0, 2: 0, 3: 1, 4: 1},
        "previous_chemotherapy": YES_NO,
        "multiple_skeletal_mets": YES_NO,
    },
    "nrf_chow": {
        "breast_primary": NO_YES,
        "bone_only_mets": NO_YES,
        "kps": {10: 1, 50: 1, 60: 1, 70: 0, 80: 0, 100: 0},
    },
    "teachh": {
        "cancer_type": {"breast": 0, "prostate": 0, "lung": 1, "other": 1},
        "ecog": {0: 0, 1: 0, 2: 1, 3: 1, 4: 1},
        "age": {18: 0, 59: 0, 60: 0, 61: 1, 99: 1},
        "prior_palliative_chemo_courses": {0: 0, 1: 0, 2: 1, 5: 1},
        "hospitalisations_3_months": {0: 0, 1: 1, 3: 1},
        "hepatic_mets": YES_NO,
    },
    "rades_mscc_short_life": {
        "ecog": {2: 0, 3: 4, 4: 4},
        "primary": {"breast": 1, "prostate": 2, "myeloma_lymphoma": 1, "lung": 3, "other": 3},
        "other_bone_mets": {"no": 1, "yes": 3},
        "visceral_mets": {"no": 1, "yes": 4},
        "interval_months": {0: 3, 15: 3, 15.5: 1, 16: 1},
        "ambulatory": {"yes": 1, "no": 4},
        "time_to_motor_deficit_days": {1: 4, 7: 4, 7.5: 1, 14: 1},
    },
    "van_der_linden": {
        "kps": {20: 0, 40: 0, 50: 1, 70: 1, 80: 2, 100: 2},
        "primary": {"breast": 3, "prostate": 2, "lung": 1, "other": 0},
        "visceral_mets": NO_YES,
    },
}

CLASSES = {
    "mirels": [(4, 7), (8, 8), (9, 12)],
    "sins": [(0, 6), (7, 12), (13, 18)],
    "tokuhashi_revised": [(0, 8), (9, 11), (12, 15)],
    "tomita": [(2, 3), (4, 5), (6, 7), (8, 10)],
    "bauer_modified": [(0, 1), (2, 2), (3, 4)],
    "katagiri_2014": [(0, 3), (4, 6), (7, 10)],
    "nrf_chow": [(0, 1), (2, 2), (3, 3)],
    "teachh": [(0, 1), (2, 4), (5, 6)],
    "rades_mscc_short_life": [(6, 18), (19, 25)],
    "van_der_linden": [(0, 3), (4, 5), (6, 6)],
    "nesms": [(0, 0), (1, 1), (2, 2), (3, 3)],
    "rades_mscc_survival_2008": [(20, 25), (26, 30), (31, 35), (36, 40), (41, 45)],
    "rades_mscc_ambulatory_2008": [(21, 28), (29, 31), (32, 34), (35, 37), (38, 44)],
}

MEDIANS = {
    "nrf_chow": [15.0, 6.5, 2.3],
    "teachh": [19.9, 5.0, 1.7],
    "van_der_linden": [3, 9, 19],
    "bollen_optimodel": [31.2, 15.4, 4.8, 1.6],
    "metsss": [11.66, 5.09, 3.28],
    "neat": [24.9, 14.8, 4.0, 1.2],
}

INTERVALS = {
    "teachh": [(13.9, 31.1), (4.3, 5.6), (1.2, 2.1)],
    "bollen_optimodel": [(25.2, 37.3), (11.9, 18.2), (4.1, 5.4), (1.4, 1.9)],
}

SURVIVAL = {
    "katagiri_2014": [{12: 91, 24: 78}, {12: 49}, {6: 27, 12: 6}],
    "van_der_linden": [{24: 4}, {24: 22}, {24: 37}],
    "rades_mscc_survival_2008": [{6: 4}, {6: 11}, {6: 48}, {}, {}],
}

COHORTS = {
    "tokuhashi_revised": 246,
    "tomita": 67,
    "bauer_modified": 241,
    "katagiri_2014": 808,
    "bollen_optimodel": 1043,
    "nrf_chow": 395,
    "teachh": 862,
    "metsss": 68505,
    "sorg_extremity": 1090,
    "spring_2013": 130,
    "pathfx_3": 397,
    "bmets": 397,
    "rades_mscc_survival_2008": 1852,
    "rades_mscc_ambulatory_2008": 2096,
    "van_der_linden": 342,
    "osri": 199,
    "neat": 280,
    "qlq_bm22": 400,
    "sosgoq2": 238,
    "msts93": 220,
}


def test_the_flags_of_the_records_are_kept() -> None:
    assert {name for name, s in SCORES.items() if s.usable_as_calculator} == USABLE
    assert {name for name, s in SCORES.items() if not s.usable_as_calculator} == NOT_USABLE


def test_exactly_the_usable_scores_are_computed() -> None:
    assert {name for name, s in SCORES.items() if s.computable} == USABLE
    assert len(USABLE) == 16


@pytest.mark.parametrize("name", sorted(RANGES))
def test_points_reach_the_published_range(name: str) -> None:
    assert points_range(SCORES[name]) == RANGES[name]


def test_directions() -> None:
    for direction, names in DIRECTIONS.items():
        assert {n for n, s in SCORES.items() if s.direction == direction} == names


@pytest.mark.parametrize("name", sorted(POINTS))
def test_every_row_of_the_points_table(name: str) -> None:
    """One item moves, the others stay at their first answer; the total moves by the printed points."""
    table = POINTS[name]
    assert {q.id for q in SCORES[name].inputs} == set(table)
    first = {item: next(iter(rows)) for item, rows in table.items()}
    for item, rows in table.items():
        for answer, points in rows.items():
            answers = {**first, item: answer}
            expected = sum(table[i][a] for i, a in answers.items() if i != item) + points
            assert compute(SCORES[name], answers).total == expected
    for question in SCORES[name].inputs:
        offered = {c.id for c in question.choices} - {"exactly_half"}
        assert not offered or offered == set(table[question.id])


@pytest.mark.parametrize("name", ["mirels", "tomita", "bauer_modified", "nrf_chow", "van_der_linden"])
def test_every_combination_has_the_class_of_its_total(name: str) -> None:
    table = POINTS[name]
    for answers in product(*table.values()):
        result = compute(SCORES[name], dict(zip(table, answers, strict=True)))
        total = sum(rows[a] for rows, a in zip(table.values(), answers, strict=True))
        place = next(i for i, (low, high) in enumerate(CLASSES[name]) if low <= total <= high)
        assert (result.total, result.class_id) == (total, SCORES[name].classes[place].id)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_class_bounds(name: str) -> None:
    assert [(c.low, c.high) for c in SCORES[name].classes] == CLASSES[name]


@pytest.mark.parametrize("name", sorted(MEDIANS))
def test_median_survival_of_the_classes(name: str) -> None:
    got = [
        o.value
        for c in SCORES[name].classes
        for o in c.outcomes
        if o.measure == "median_survival" and o.role == "derivation"
    ]
    assert got == MEDIANS[name]


@pytest.mark.parametrize("name", sorted(INTERVALS))
def test_intervals_of_the_medians(name: str) -> None:
    got = [(o.low, o.high) for c in SCORES[name].classes for o in c.outcomes]
    assert got == INTERVALS[name]


@pytest.mark.parametrize("name", sorted(SURVIVAL))
def test_share_alive(name: str) -> None:
    got = [{o.at_months: o.value for o in c.outcomes if o.measure == "survival"} for c in SCORES[name].classes]
    assert got == SURVIVAL[name]


def test_validation_of_the_three_factor_score_is_kept_apart() -> None:
    later = [[o.value for o in c.outcomes if o.role == "validation"] for c in SCORES["nrf_chow"].classes]
    assert later == [[35.1], [10.1], [3.3]]


def test_fracture_risk_of_mirels() -> None:
    figures = [(o.value, o.low, o.high) for c in SCORES["mirels"].classes for o in c.outcomes]
    assert figures == [(None, 0, 4), (15, None, None), (None, 33, 100)]


def test_walking_after_radiotherapy() -> None:
    figures = [o.value for c in SCORES["rades_mscc_ambulatory_2008"].classes for o in c.outcomes]
    assert figures == [6, 44, 70, 86, 99]


def test_odds_of_death_by_nesms() -> None:
    figures = [[(o.value, o.low, o.high) for o in c.outcomes] for c in SCORES["nesms"].classes]
    assert figures == [[], [(31.30, 8.82, 111.04)], [(7.04, 2.47, 20.08)], []]


def test_sizes_of_the_cohorts() -> None:
    got = {n: s.derivation.n_patients for n, s in SCORES.items() if s.derivation.n_patients is not None}
    assert got == COHORTS


def test_whether_the_cohort_was_operated_is_said_only_where_it_was_read() -> None:
    said = {n: s.derivation.operated for n, s in SCORES.items() if s.derivation.operated != "unknown"}
    assert said == {"katagiri_2014": "mixed", "sorg_extremity": "yes", "spring_2013": "yes"}


@pytest.mark.parametrize("name", ["tomita", "bauer_modified"])
def test_survival_of_classes_that_nobody_read_stays_blank(name: str) -> None:
    assert all(c.outcomes == () for c in SCORES[name].classes)
    assert SCORES[name].to_check


@pytest.mark.parametrize(
    ("grade", "group"),
    [
        ("0", "low_grade"),
        ("1a", "low_grade"),
        ("1b", "low_grade"),
        ("1c", "grade_1c"),
        ("2", "high_grade"),
        ("3", "high_grade"),
    ],
)
def test_epidural_grades(grade: str, group: str) -> None:
    result = compute(SCORES["escc_bilsky"], {"grade": grade, "level": "at_or_above_conus"})
    assert result.class_id == group


@pytest.mark.parametrize(
    ("curative", "medial", "roof", "found"),
    [
        ("no", "no", "no", "class_i"),
        ("no", "yes", "no", "class_ii"),
        ("no", "no", "yes", "class_iii"),
        ("no", "yes", "yes", "class_iii"),
        ("yes", "no", "no", "class_iv"),
        ("yes", "yes", "yes", "class_iv"),
    ],
)
def test_acetabular_classes(curative: str, medial: str, roof: str, found: str) -> None:
    answers = {
        "solitary_resectable_for_cure": curative,
        "medial_wall_deficient": medial,
        "lateral_wall_or_roof_deficient": roof,
    }
    assert compute(SCORES["harrington_acetabular"], answers).class_id == found


@pytest.mark.parametrize(
    ("kps", "says"),
    [
        (100, [0, 0, 0]),
        (90, [0, 1, 1]),
        (80, [1, 1, 1]),
        (70, [1, 2, 2]),
        (60, [2, 2, 3]),
        (50, [2, 3, 3]),
        (40, [3, 3, 4]),
        (30, [3, 4, 4]),
        (20, [4, 4, 4]),
        (10, [4, 4, 4]),
    ],
)
def test_three_maps_from_karnofsky_to_ecog(kps: int, says: list[int]) -> None:
    assert [v.low for v in compute(SCORES["ecog_kps_map"], {"kps": kps}).variants] == says
