"""The golden Directives, eight of patients and one of a phantom: current, sealed, readable; changing one field breaks the seal."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from portico.directive import check_directive, directive_problems, read_directive, verify_seal

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "examples" / "directives").glob("*.json"))


def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_directives", ROOT / "tools" / "build_directives.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_there_are_eight_and_a_phantom() -> None:
    assert len(FILES) == 9
    assert [path.stem for path in FILES if read_directive(path).status != "signed"] == ["tg119"]


def test_they_are_what_the_tool_builds() -> None:
    module = builder()
    for golden in module.GOLDENS:
        path = module.OUT / f"{golden.name}.json"
        assert path.read_text(encoding="utf-8") == module.text(module.build(golden)), f"{path.name}: run `make golden`"
    assert (module.OUT / "tg119.json").read_text(encoding="utf-8") == module.text(module.phantom())


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_each_holds_and_is_sealed(path: Path) -> None:
    directive = read_directive(path)
    assert check_directive(directive) == ()
    assert verify_seal(directive)
    assert directive.for_planning


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_changed_dose_breaks_the_seal(path: Path) -> None:
    value = json.loads(path.read_text(encoding="utf-8"))
    value["levels"][0]["dose_gy"] += 1
    changed, problems = directive_problems(value)
    assert problems or (changed is not None and not verify_seal(changed))


def test_what_rests_on_the_teaching_site_is_watermarked() -> None:
    marked = {path.stem for path in FILES if read_directive(path).stamps.watermark}
    assert marked == {"spine-sib-40-30-10", "spine-sib-30-20-5"}
