"""A plan uploaded as a zip file gives the report that the command gives, and nothing of the file stays."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from portico.directive import directive_from
from portico.dosimetry import check_plan
from portico.knowledge import load_library
from portico.report import render_plan_html
from portico.rt import read_study


def test_a_zip_is_checked_and_the_report_is_kept(browser, femur, root, tmp_path) -> None:
    plan = root / "tests" / "data" / "femur-phantom"
    seal = browser.signed(browser.store(femur))
    archive = shutil.make_archive(str(tmp_path / "plan"), "zip", plan)
    with Path(archive).open("rb") as file:
        ended = browser.send(f"/directives/{seal}/check", {}, files={"file": ("x.zip", file)})
    assert ended.status_code == 200 and "/checks/" in str(ended.url)
    directive = directive_from(json.loads(browser.open(f"/directives/{seal}/json").text))
    made = check_plan(read_study(plan).plan_set(), directive, load_library())
    wanted = render_plan_html(made, load_library())
    assert ended.text.split("<main")[1] == wanted.split("<main")[1]
    assert "/checks/" in browser.open(f"/directives/{seal}/check").text
    assert not list(browser.folder.glob("upload*"))
