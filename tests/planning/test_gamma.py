from __future__ import annotations

import numpy as np
import pytest

from portico.errors import UsageError
from portico.planning.gamma import gamma_index


def ramp(at, slope=0.02):
    """Dose that rises along j."""
    return np.broadcast_to(1.0 + slope * at[None, :, None], (5, len(at), 5)).copy()


@pytest.mark.parametrize("aside_mm", [0.3, 0.9, 1.7])
def test_a_moved_ramp_has_the_gamma_of_the_formula(aside_mm):
    place = 2.0 * np.arange(40)
    reference, other = ramp(place), ramp(place - aside_mm)
    found = gamma_index(reference, other, (2.0, 2.0, 2.0), dose_share=0.01, distance_mm=1.0, above_share=0.5)
    steep = 0.02 / (0.01 * reference.max())
    wanted = steep * aside_mm / np.sqrt(1.0 + steep**2)
    inner = np.argwhere(reference > 0.5 * reference.max())[:, 1] < 38  # the rim cannot look beyond itself
    assert np.abs(found[inner] - wanted).max() < 0.01
    assert (found[inner] >= wanted - 1e-9).all()


def test_the_same_dose_has_none_and_another_is_told_by_dose():
    flat = np.ones((4, 4, 4))
    assert (gamma_index(flat, flat, (1, 2, 3), dose_share=0.02, distance_mm=2.0) == 0.0).all()
    found = gamma_index(flat, 1.03 * flat, (1, 2, 3), dose_share=0.02, distance_mm=2.0)
    assert np.allclose(found, 1.5)
    assert (gamma_index(flat, 3.0 * flat, (1, 2, 3), dose_share=0.02, distance_mm=2.0) == 2.0).all()


def test_low_doses_are_not_judged_and_spacing_is_by_axis():
    reference = np.zeros((3, 3, 9))
    reference[..., 4] = 1.0
    reference[..., 5] = 0.2
    other = np.roll(reference, 1, axis=2)
    assert len(gamma_index(reference, other, (1, 1, 1), dose_share=0.01, distance_mm=1.0, above_share=0.3)) == 9
    near = gamma_index(reference, other, (0.5, 5.0, 5.0), dose_share=0.01, distance_mm=1.0, above_share=0.3)
    far = gamma_index(reference, other, (5.0, 0.5, 5.0), dose_share=0.01, distance_mm=1.0, above_share=0.3)
    assert np.allclose(near, 0.5) and (far == 2.0).all()


def test_what_cannot_be_compared():
    dose = np.ones((2, 2, 2))
    for reference, other, spacing, share, distance in (
        (dose, dose[:1], (1, 1, 1), 0.01, 1.0),
        (dose[0], dose[0], (1, 1, 1), 0.01, 1.0),
        (0.0 * dose, dose, (1, 1, 1), 0.01, 1.0),
        (np.nan * dose, dose, (1, 1, 1), 0.01, 1.0),
        (dose, dose, (1, 0, 1), 0.01, 1.0),
        (dose, dose, (1, 1, 1), 0.0, 1.0),
        (dose, dose, (1, 1, 1), 0.01, 0.0),
    ):
        with pytest.raises(UsageError) as error:
            gamma_index(reference, other, spacing, dose_share=share, distance_mm=distance)
        assert error.value.problem.code == "gamma-invalid"
