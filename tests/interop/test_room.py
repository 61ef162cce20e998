"""The façade lists what the room offers, sorted and complete."""

from __future__ import annotations

import portico.interop as room


def test_the_facade_is_complete_and_sorted():
    assert list(room.__all__) == sorted(room.__all__)
    assert all(hasattr(room, name) for name in room.__all__)
