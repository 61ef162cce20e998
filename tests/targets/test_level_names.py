"""Names of vertebrae and the numbers that stand for them."""

from __future__ import annotations

import pytest

from portico.targets import TOTAL_LABELS, vertebra_name
from portico.targets.level_names import ordered_levels


@pytest.mark.parametrize(
    ("name", "level"),
    [("vertebrae_T8", "T8"), ("VB_L3", "L3"), ("vert. c7", "C7"), ("T08", "T8"), ("S1", "S1"), ("T13", None), ("C8", None),
     ("PTV_T8", None), ("VB_T8_PRV", None), ("", None), ("L0", None)],
)  # fmt: skip
def test_names_of_vertebrae(name, level):
    assert vertebra_name(name) == level


def test_numbers_of_the_segmentation():
    assert (TOTAL_LABELS[27], TOTAL_LABELS[31], TOTAL_LABELS[32], TOTAL_LABELS[43], TOTAL_LABELS[50]) == (
        "L5",
        "L1",
        "T12",
        "T1",
        "C1",
    )
    assert ordered_levels({"L2": 0, "T12": 0, "L1": 0}) == ["T12", "L1", "L2"]
