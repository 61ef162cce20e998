"""Table 1: counts by hand, and no hidden count that can be calculated from what is shown."""

from __future__ import annotations

import doctest
import importlib

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from portico.cohort.suppressed_table import suppress_table
from portico.cohort.suppression import suppress
from portico.cohort.synthetic import synthetic_registry
from portico.cohort.table_one import table_one
from portico.errors import CannotTell, UsageError


@pytest.mark.parametrize("module", ["suppressed_table", "table_one"])
def test_examples_run(module: str) -> None:
    assert doctest.testmod(importlib.import_module(f"portico.cohort.{module}")).failed == 0


def bounds_of(shown: list[list[int | None]], sizes: list[int], place: tuple[int, int]) -> tuple[float, float]:
    """What a reader who solves every equation of the table can say of one place: its least and its greatest value."""
    rows, width = len(shown), len(shown[0])
    number = rows * width
    left, right = [], []
    for r in range(rows):  # the groups of a row add up to its last cell
        line = np.zeros(number)
        line[r * width : (r + 1) * width] = [1.0] * (width - 1) + [-1.0]
        left.append(line)
        right.append(0.0)
    for c in range(width):  # the rows of a column add up to the size of the group, which is printed
        line = np.zeros(number)
        line[c::width] = 1.0
        left.append(line)
        right.append(float(sizes[c]))
    limits = [(0, None) if cell is None else (cell, cell) for row in shown for cell in row]
    aim = np.zeros(number)
    aim[place[0] * width + place[1]] = 1.0
    found = [
        linprog(sign * aim, A_eq=np.array(left), b_eq=np.array(right), bounds=limits, method="highs")
        for sign in (1, -1)
    ]
    assert all(one.status == 0 for one in found)
    return found[0].fun, -found[1].fun


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_hidden_count_follows_from_what_is_shown(data: st.DataObject) -> None:
    rows, groups = data.draw(st.integers(1, 4)), data.draw(st.integers(2, 4))
    counts = data.draw(
        st.lists(st.lists(st.integers(0, 14), min_size=groups, max_size=groups), min_size=rows, max_size=rows)
    )
    threshold = 5
    sizes = [sum(row[c] for row in counts) for c in range(groups)]
    if any(size < threshold for size in sizes):
        return
    shown = suppress_table(counts, threshold=threshold)
    assert shown is not None
    full = [[*row, sum(row)] for row in counts]
    for r, row in enumerate(full):
        for c, count in enumerate(row):
            assert shown[r][c] in (None, count)
            if 0 < count < threshold:
                assert shown[r][c] is None
                low, high = bounds_of(shown, [*sizes, sum(sizes)], (r, c))
                assert high - low >= 1.0 - 1e-6


def test_a_bridge_between_two_cycles_is_not_left() -> None:
    """Every row and column here has two hidden counts, and one of them would still follow."""
    counts = [[2, 3, 30, 30], [3, 2, 30, 30], [30, 30, 30, 30], [30, 30, 2, 4], [30, 4, 3, 2]]
    shown = suppress_table(counts, threshold=5)
    assert shown is not None
    sizes = [sum(row[c] for row in counts) for c in range(4)]
    low, high = bounds_of(shown, [*sizes, sum(sizes)], (4, 1))
    assert high - low >= 1.0


def test_nothing_small_hides_nothing_and_one_group_has_one_direction() -> None:
    assert suppress_table([[9, 8], [7, 6]], threshold=5) == [[9, 8, 17], [7, 6, 13]]
    assert suppress_table([[40], [3], [12]], threshold=5) == [[40, 40], [None, None], [None, None]]
    assert suppress_table([], threshold=5) == []
    with pytest.raises(UsageError) as refused:
        suppress_table([[1, 2], [3]], threshold=5)
    assert refused.value.code == "bad-count"


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_sums_shown_elsewhere_do_not_give_a_count_back(data: st.DataObject) -> None:
    counts = data.draw(st.lists(st.lists(st.integers(0, 14), min_size=3, max_size=3), min_size=3, max_size=3))
    sizes = [sum(row[c] for row in counts) for c in range(3)]
    if any(size < 5 for size in sizes):
        return
    sums = suppress([sum(row) for row in counts], threshold=5)
    shown = suppress_table(counts, threshold=5, sums=sums)
    if shown is None:
        return
    assert [row[-1] for row in shown] == sums
    for r, row in enumerate(counts):
        for c, count in enumerate(row):
            if 0 < count < 5:
                low, high = bounds_of(shown, [*sizes, sum(sizes)], (r, c))
                assert high - low >= 1.0 - 1e-6


def test_a_table_that_cannot_stand_beside_its_sums_is_not_shown() -> None:
    assert suppress_table([[3, 40], [40, 0]], threshold=5, sums=[43, 40]) is not None
    assert suppress_table([[3, 40]], threshold=5, sums=[43]) is None
    assert suppress_table([[2, 1], [40, 40]], threshold=5, sums=[3, 80]) is None
    assert suppress_table([[3], [40]], threshold=5, sums=[None, None]) == [[None, None], [None, None]]


def frame(**columns: list[object]) -> pl.DataFrame:
    return pl.DataFrame(columns)


def test_numbers_by_hand() -> None:
    rows = frame(
        prescribed_option=["sbrt"] * 6 + ["conventional"] * 6,
        age_years=[50.0, 60.0, 70.0, 80.0, 90.0, None, 40.0, 50.0, 60.0, 70.0, 80.0, 60.0],
        cement=[True, True, True, None, None, None, True, False, False, False, False, False],
    )
    table = table_one(rows, by="prescribed_option", columns=["age_years", "cement"], threshold=1)
    age, cement = table.variables
    assert (table.groups, table.sizes, table.total) == (("conventional", "sbrt"), (6, 6), 12)
    assert age.quartiles[1] == (60.0, 70.0, 80.0)
    assert [(row.label, row.counts) for row in age.rows] == [("known", (6, 5, 11)), ("not known", (0, 1, 1))]
    one, two = np.array([40.0, 50, 60, 70, 80, 60]), np.array([50.0, 60, 70, 80, 90])
    by_hand = abs(one.mean() - two.mean()) / np.sqrt((one.var(ddof=1) + two.var(ddof=1)) / 2)
    assert age.difference == pytest.approx(by_hand, abs=1e-12)
    assert [(row.label, row.counts) for row in cement.rows] == [
        ("yes", (1, 3, 4)),
        ("no", (5, 0, 5)),
        ("not known", (0, 3, 3)),
    ]
    share = 1 / 6
    assert cement.difference == pytest.approx((1 - share) / np.sqrt(share * (1 - share) / 2), abs=1e-12)


def test_three_categories_have_the_distance_of_yang_and_dalton() -> None:
    rows = frame(
        centre=["a"] * 10 + ["b"] * 10,
        escc_postop=["0"] * 5 + ["1a"] * 3 + ["2"] * 2 + ["0"] * 2 + ["1a"] * 2 + ["2"] * 6,
    )
    found = table_one(rows, columns=["escc_postop"], threshold=1).variables[0]
    p, q = np.array([0.3, 0.2]), np.array([0.2, 0.6])
    spread = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2
    assert found.difference == pytest.approx(float(np.sqrt((p - q) @ np.linalg.inv(spread) @ (p - q))), abs=1e-12)


def test_small_centres_stand_together_and_small_counts_are_hidden() -> None:
    rows = frame(
        centre=["a"] * 30 + ["b"] * 20 + ["c"] * 3 + ["d"] + [None] * 2,
        cement=[True] * 27 + [False] * 3 + [True] * 12 + [False] * 8 + [True] * 6,
    )
    table = table_one(rows, columns=["cement", "kps"])
    assert table.groups == ("a", "b", "3 others together")
    assert table.sizes == (30, 20, 6)
    assert table.absent == ("kps",)
    rows_ = {row.label: row.counts for row in table.variables[0].rows}
    assert rows_["no"][0] is None
    assert table.variables[0].difference is None
    assert all(count is None or count == 0 or count >= 5 for counts in rows_.values() for count in counts)


def test_a_performance_status_is_shown_by_grade_and_few_ages_have_no_median() -> None:
    rows = frame(
        centre=["a"] * 6 + ["b"] * 6, ecog=[0, 1, 2, 3, 1, None] * 2, age_years=[60.0] * 6 + [50.0] + [None] * 5
    )
    ecog, age = table_one(rows, columns=["ecog", "age_years"], threshold=2).variables
    assert [row.label for row in ecog.rows] == ["0", "1", "2", "3", "not known"]
    assert age.quartiles[1] is None
    assert age.difference is None


def test_a_lazy_frame_gives_the_same_table() -> None:
    rows = synthetic_registry(300, seed=3)
    assert table_one(rows.lazy()) == table_one(rows)
    assert table_one(rows, by="prescribed_option").groups == ("conventional", "sbrt")


@pytest.mark.parametrize(
    ("by", "columns", "threshold", "error", "code"),
    [
        ("age_years", ["ecog"], 5, UsageError, "unknown-column"),
        ("centre", ["name"], 5, UsageError, "unknown-column"),
        ("centre", ["ecog"], 0, UsageError, "bad-count"),
        ("centre", ["ecog"], 50, CannotTell, "too-few"),
    ],
)
def test_refused(by: str, columns: list[str], threshold: int, error: type[Exception], code: str) -> None:
    rows = frame(centre=["a"] * 9, ecog=[1] * 9, age_years=[50.0] * 9)
    with pytest.raises(error) as refused:
        table_one(rows, by=by, columns=columns, threshold=threshold)
    assert refused.value.code == code  # type: ignore[attr-defined]
