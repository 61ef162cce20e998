"""The patients of OpenKBP as plan cases, as ``tools/openkbp.py`` and the benchmark read them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from portico.planning.case_file import read_case_file

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "data" / "rt" / "openkbp"
sys.path.insert(0, str(ROOT / "tools"))

import openkbp  # noqa: E402  a tool, not a package


@pytest.mark.parametrize(
    ("patient", "cord_mean_gy", "spacing_mm"),
    [("pt_103", 10.38, (3.906, 3.906, 2.5)), ("pt_71", 8.87, (3.75, 3.75, 2.43))],
)
def test_a_patient_as_a_plan_case(patient, cord_mean_gy, spacing_mm):
    case, dose, possible = openkbp.read_patient(FOLDER / patient)
    assert np.allclose(case.grid.spacing, spacing_mm) and case.hu.min() == -1024
    assert dose[case.masks["SpinalCord"]].mean() == pytest.approx(cord_mean_gy, abs=0.01)
    assert (dose[~possible] == 0.0).all() and not (possible & ~case.masks["BODY"]).any()
    place = {name: np.argwhere(mask).mean(axis=0) for name, mask in case.masks.items()}
    assert place["Brainstem"][0] > place["SpinalCord"][0]  # slices rise to the head
    assert place["LeftParotid"][2] > place["RightParotid"][2]  # columns to the patient's left
    assert place["SpinalCord"][1] > place["PTV70"][1]  # rows to the back
    soft = case.hu[case.masks["PTV70"]]
    assert -50 < np.median(soft) < 100


def test_a_patient_is_written_as_a_case_file(tmp_path):
    openkbp.main(str(FOLDER / "pt_103"), str(tmp_path / "case.npz"))
    case, table = read_case_file(tmp_path / "case.npz")
    assert table == openkbp.TABLE and {"BODY", "SpinalCord", "PTV70"} <= set(case.masks)
