"""The room's list of public names is complete and sorted."""

from __future__ import annotations

import portico.geometry as room


def test_names_are_sorted_and_exist():
    assert room.__all__ == sorted(room.__all__)
    assert all(hasattr(room, name) for name in room.__all__)
