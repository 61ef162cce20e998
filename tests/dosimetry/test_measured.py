"""Names that cannot be printed are shown without what cannot, and never end a check."""

from __future__ import annotations

import check_sample as made

from portico.dosimetry import CheckOptions, check_plan
from portico.knowledge import load_library


def test_a_name_with_control_characters():
    odd = made.box(5, "Esophagus\x07", (-8, 8), (26, 36), (-50, 50), "ORGAN")
    liver = made.box(30, "\x1b", (-30, -22), (-20, 0), (-20, 20), "ORGAN")
    found = made.structures(Esophagus=odd, liver=liver)
    check = check_plan(made.plan_set(found), made.directive(), load_library(), CheckOptions(hardware=False))
    names = {one.structure for one in check.result.items}
    assert not any("\x07" in name or "\x1b" in name for name in names if name)
    assert check.result.exit_status in (1, 4)
