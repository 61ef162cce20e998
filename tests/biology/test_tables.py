"""Conversion tables."""

import pytest

from portico.biology import Course, bed, conversion_table, eqd2
from portico.errors import CannotTell, QuantityRefused


def test_rows_and_columns_keep_their_order() -> None:
    rows = conversion_table([Course(24.0, 1), Course(30.0, 10)], [10.0, 2.0], lq_threshold_gy=10.0)
    assert [(row.dose_gy, row.fractions, row.dose_per_fraction_gy) for row in rows] == [
        (24.0, 1, 24.0),
        (30.0, 10, 3.0),
    ]
    for row in rows:
        assert [column.alpha_beta_gy for column in row.conversions] == [10.0, 2.0]
        for column in row.conversions:
            assert column.bed_gy == bed(row.dose_gy, row.fractions, column.alpha_beta_gy)
            assert column.eqd2_gy == eqd2(row.dose_gy, row.fractions, column.alpha_beta_gy)


def test_the_note_stands_only_on_the_high_row() -> None:
    high, low = conversion_table([Course(24.0, 1), Course(30.0, 10)], [10.0], lq_threshold_gy=10.0)
    assert high.note is not None
    assert low.note is None


def test_empty_tables() -> None:
    assert conversion_table([], [10.0], lq_threshold_gy=10.0) == ()
    (row,) = conversion_table([Course(8.0, 1)], [], lq_threshold_gy=10.0)
    assert row.conversions == ()


def test_an_unknown_regimen_is_named() -> None:
    with pytest.raises(CannotTell) as caught:
        conversion_table([Course(8.0, 1), Course(20.0, None)], [10.0], lq_threshold_gy=10.0)
    assert caught.value.problem.path == "regimens[1].fractions"


def test_the_threshold_has_no_default() -> None:
    with pytest.raises(TypeError):
        conversion_table([Course(8.0, 1)], [10.0])  # type: ignore[call-arg]
    with pytest.raises(QuantityRefused):
        conversion_table([Course(8.0, 1)], [0.0], lq_threshold_gy=10.0)
