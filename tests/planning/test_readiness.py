"""What a case must have before a plan is begun."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from portico.directive import read_directive
from portico.errors import CannotTell, InputRefused
from portico.planning import check_case


def with_masks(case, **masks):
    return replace(case, masks={**case.masks, **{name: mask for name, mask in masks.items() if mask is not None}})


def without(case, name):
    return replace(case, masks={key: mask for key, mask in case.masks.items() if key != name})


def test_a_sound_case_has_nothing_to_be_said(spine, directive):
    assert check_case(spine, directive, cord_source="t2_mri") == ()


def test_what_is_refused(spine, directive):
    air = np.zeros(spine.grid.shape, bool)
    air[:, :4, :] = True
    blocked = directive.model_copy(update={"for_planning": False, "blockers_for_planning": ("SpinalCord",)})
    sib = read_directive("examples/directives/spine-sib-30-20-5.json")
    boost = with_masks(without(spine, "PTV"), PTV_High=spine.masks["SpinalCord"], PTV_Low=spine.masks["PTV"])
    cases = [
        ("cord-source-missing", CannotTell, spine, directive, None),
        ("no-cord", InputRefused, without(spine, "SpinalCord"), directive, "t2_mri"),
        ("no-body", InputRefused, without(spine, "External"), directive, "t2_mri"),
        ("structure-missing", InputRefused, without(spine, "PTV"), directive, "t2_mri"),
        ("target-outside-body", InputRefused, with_masks(spine, PTV=air), directive, "t2_mri"),
        ("directive-not-for-planning", InputRefused, spine, blocked, "t2_mri"),
        ("cord-in-boost", InputRefused, boost, sib, "t2_mri"),
    ]
    for code, kind, case, intent, source in cases:
        with pytest.raises(kind) as error:
            check_case(case, intent, cord_source=source)
        assert error.value.problem.code == code


def test_what_is_said(spine, directive):
    shared = with_masks(spine, PTV=spine.masks["PTV"] | spine.masks["SpinalCord"])
    assert "cannot have both" in check_case(shared, directive, cord_source="t2_mri")[0]
    screw = np.zeros(spine.grid.shape, bool)
    screw[12, 20, 20] = True
    assert "no RTPLAN" in check_case(spine, directive, cord_source="t2_mri", metal=screw)[0]
    far = np.zeros_like(screw)
    far[12, 6, 20] = True
    said = check_case(spine, directive, cord_source="t2_mri", metal=far)[0]
    assert "pencil beam" in said and "RTPLAN" not in said
    plain = directive.model_copy(update={"technique": "conventional", "status": "proposed"})
    notes = check_case(spine, plain, metal=~screw & screw)
    assert any("which image" in one for one in notes) and any("not signed" in one for one in notes)
    none = plain.model_copy(update={"limits": ()})
    words = check_case(spine, none, metal=screw)
    assert any("of metal in the CT" in one and "RTPLAN" not in one for one in words)
