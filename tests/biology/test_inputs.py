"""Numbers are refused or returned as they came."""

import math

import pytest

from portico.biology.inputs import MOST_FRACTIONS, finite, not_negative, positive, share, whole_number
from portico.errors import QuantityRefused


@pytest.mark.parametrize("value", [0, 0.0, -3, 2.5, 1e300])
def test_finite_returns_the_number(value: float) -> None:
    assert finite(value, "dose_gy") == value
    assert isinstance(finite(value, "dose_gy"), float)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (math.nan, "not-finite"),
        (math.inf, "not-finite"),
        (-math.inf, "not-finite"),
        (10**400, "not-finite"),
        (None, "not-a-number"),
        ("30", "not-a-number"),
        (True, "not-a-number"),
    ],
)
def test_finite_refuses(value: object, code: str) -> None:
    with pytest.raises(QuantityRefused) as caught:
        finite(value, "dose_gy")  # type: ignore[arg-type]
    assert caught.value.code == code
    assert caught.value.problem.path == "dose_gy"


def test_sign() -> None:
    assert not_negative(0.0, "dose_gy") == 0.0
    assert positive(0.1, "alpha_beta_gy") == 0.1
    for refuse, value, code in (
        (not_negative, -1e-12, "negative"),
        (positive, 0.0, "not-positive"),
        (positive, -1.0, "not-positive"),
        (share, 0.0, "not-a-share"),
        (share, 1.0, "not-a-share"),
        (share, math.nan, "not-finite"),
    ):
        with pytest.raises(QuantityRefused) as caught:
            refuse(value, "x")
        assert caught.value.code == code
    assert share(0.5, "x") == 0.5


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (0, "count-out-of-range"),
        (-1, "count-out-of-range"),
        (MOST_FRACTIONS + 1, "count-out-of-range"),
        (5.0, "not-a-whole-number"),
        (None, "not-a-whole-number"),
        (True, "not-a-whole-number"),
    ],
)
def test_whole_number_refuses(value: object, code: str) -> None:
    with pytest.raises(QuantityRefused) as caught:
        whole_number(value, "fractions")  # type: ignore[arg-type]
    assert caught.value.code == code


def test_whole_number_borders() -> None:
    assert whole_number(1, "fractions") == 1
    assert whole_number(MOST_FRACTIONS, "fractions") == MOST_FRACTIONS
    assert whole_number(0, "fractions", least=0) == 0
