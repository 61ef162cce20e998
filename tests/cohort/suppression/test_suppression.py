"""Small counts are hidden, and the total does not give them back."""

from __future__ import annotations

import doctest
import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.cohort.suppression import suppress
from portico.errors import UsageError


def test_examples_run() -> None:
    assert doctest.testmod(importlib.import_module("portico.cohort.suppression")).failed == 0


def test_two_small_counts_that_add_to_little_take_a_third() -> None:
    assert suppress([1, 1, 9, 7], threshold=5) == [None, None, 9, None]
    assert suppress([4, 4, 9, 7], threshold=5) == [None, None, 9, 7]
    assert suppress([2], threshold=5) == [None]


@given(st.lists(st.integers(0, 30), max_size=8), st.integers(1, 12))
def test_no_small_count_is_shown_or_follows_from_the_total(counts: list[int], threshold: int) -> None:
    shown = suppress(counts, threshold=threshold)
    assert all(new is None or (new == old and not 0 < old < threshold) for new, old in zip(shown, counts, strict=True))
    hidden = [old for new, old in zip(shown, counts, strict=True) if new is None]
    if hidden and any(new for new in shown):
        assert len(hidden) > 1
        assert sum(hidden) >= threshold


@pytest.mark.parametrize(("counts", "threshold"), [([-1], 5), ([3], 0)])
def test_refused(counts: list[int], threshold: int) -> None:
    with pytest.raises(UsageError) as refused:
        suppress(counts, threshold=threshold)
    assert refused.value.code == "bad-count"
