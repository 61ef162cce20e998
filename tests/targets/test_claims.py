"""The chapter holds, and would notice a division that is not right."""

from __future__ import annotations

import numpy as np

from portico.claims import run
from portico.targets import claims


def test_the_chapter_holds():
    found = list(run(["targets"]))
    assert len(found) == len(claims.LEVELS) + len(claims.TILTS) + 18 + 54
    assert [one.claim for one in found if not one.ok] == []


def test_it_notices_a_body_that_is_too_small(monkeypatch):
    original = claims.divide_vertebra

    def worse(*arguments, **more):
        made = original(*arguments, **more)
        made.labels[:, :, : made.labels.shape[2] // 2] = np.where(made.labels[:, :, : made.labels.shape[2] // 2] == 1, 8, made.labels[:, :, : made.labels.shape[2] // 2])  # fmt: skip
        return made

    monkeypatch.setattr(claims, "divide_vertebra", worse)
    monkeypatch.setattr(claims, "LEVELS", {28: "L4"})
    monkeypatch.setattr(claims, "TILTS", ())
    assert [one.ok for one in claims.part_claims()] == [False]
