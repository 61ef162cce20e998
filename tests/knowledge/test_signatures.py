"""A signature holds for one row as it is; a changed row, a memory row or a survey cannot be signed."""

from __future__ import annotations

import datetime as dt
import importlib.util
from pathlib import Path
from typing import Any

import pytest

from portico.errors import KnowledgeRefused
from portico.knowledge import Library, load_library, read_signatures
from portico.reading import write_atomic

EXAMPLE = Path("examples/site/signatures.yaml")


def sign(path: Path, rows: list[dict[str, str]], *, site: str = "A site", watermark: str = "false") -> Path:
    """Write a signature file."""
    lines = ["schema: signature/1", f"site: {site}", f"watermark: {watermark}", "rows:" if rows else "rows: []"]
    for row in rows:
        body = {"by": "A", "role": "physicist", "date": "2025-02-03", "reason": "checked", **row}
        lines.append("- {" + ", ".join(f'{key}: "{value}"' for key, value in body.items()) + "}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def row_of(library: Library, row_id: str) -> dict[str, str]:
    return {"id": row_id, "sha256": library.signable[row_id].sha256}


def test_the_teaching_site_loads_and_marks_its_outputs() -> None:
    library = load_library(signatures=EXAMPLE)
    assert library.watermark == "Teaching site, not a hospital: not for clinical use"
    assert load_library().watermark is None
    signatures = library.signatures
    assert signatures is not None
    assert {"hytec-cord-10fx-dmax", "schultheiss-cord-conventional-eqd2", "tg101-oesophagus-3fx-dmax"} <= set(
        signatures.rows
    )
    assert signatures.rows["hytec-cord-10fx-dmax"].date == dt.date(2025, 1, 15)


def test_the_teaching_file_is_what_its_tool_writes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("sign_teaching_site", "tools/sign_teaching_site.py")
    assert spec is not None and spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    monkeypatch.setattr(tool, "TARGET", tmp_path / "signatures.yaml")
    tool.main()
    assert (tmp_path / "signatures.yaml").read_bytes() == EXAMPLE.read_bytes()


def test_a_rule_of_a_secondary_source_acts_only_when_signed(tiny: Any, tmp_path: Path) -> None:
    library = tiny.load()
    assert set(library.rules) == {"rule-one"} and set(library.waiting) == {"rule-two"}
    path = sign(tmp_path / "s.yaml", [row_of(library, "rule-two")])
    signed = load_library(tiny.root, signatures=path)
    assert list(signed.rules) == ["rule-one", "rule-two"] and not signed.waiting
    assert signed.signed_by("rule-two") == "A, physicist, 2025-02-03"
    assert signed.signed_by("rule-one") is None and library.signed_by("rule-two") is None
    assert signed.watermark is None
    again = library.with_signatures(read_signatures(path))
    assert again == signed
    assert load_library(tiny.root, signatures=read_signatures(path)) == signed


def test_a_changed_row_voids_its_signature(tiny: Any, tmp_path: Path) -> None:
    path = sign(tmp_path / "s.yaml", [row_of(tiny.load(), "cord-10")])
    assert load_library(tiny.root, signatures=path).signed_by("cord-10")
    tiny.files["limits/cord.yaml"]["rows"][1]["value"] = 34.0
    tiny.write()
    with pytest.raises(KnowledgeRefused) as caught:
        load_library(tiny.root, signatures=path)
    assert caught.value.code == "signature-void"
    assert caught.value.problem.line == 5


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("memory-3", "signature-memory"),
        ("survey-2", "signature-kind"),
        ("cord-2", "signature-not-needed"),
        ("rule-one", "signature-not-needed"),
    ],
)
def test_what_cannot_be_signed(tiny: Any, tmp_path: Path, row: str, code: str) -> None:
    path = sign(tmp_path / "s.yaml", [row_of(tiny.load(), row)])
    with pytest.raises(KnowledgeRefused) as caught:
        load_library(tiny.root, signatures=path)
    assert caught.value.code == code


def test_unknown_rows_and_several_problems(tiny: Any, tmp_path: Path) -> None:
    tiny.write()
    path = sign(tmp_path / "s.yaml", [{"id": "cord-11", "sha256": "0"}, {"id": "x", "sha256": "0"}])
    with pytest.raises(KnowledgeRefused) as caught:
        load_library(tiny.root, signatures=path)
    assert [p.code for p in caught.value.problems] == ["signature-unknown", "signature-unknown"]
    assert caught.value.problem.fix == "Did you mean cord-10?"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"date": "2025-13-01"}, "signature-date"),
        ({"by": " "}, "signature-empty"),
        ({"role": ""}, "signature-empty"),
        ({"reason": ""}, "signature-empty"),
        ({"extra": "x"}, "unknown-key"),
    ],
)
def test_a_signature_needs_who_when_and_why(tmp_path: Path, change: dict[str, str], code: str) -> None:
    path = sign(tmp_path / "s.yaml", [{"id": "a", "sha256": "0", **change}])
    with pytest.raises(KnowledgeRefused) as caught:
        read_signatures(path)
    assert caught.value.code == code and caught.value.problem.line is not None


def test_a_row_is_signed_once(tmp_path: Path) -> None:
    path = sign(tmp_path / "s.yaml", [{"id": "a", "sha256": "0"}, {"id": "a", "sha256": "1"}])
    with pytest.raises(KnowledgeRefused) as caught:
        read_signatures(path)
    assert caught.value.code == "signed-twice"


def test_a_signature_file_may_be_empty(tiny: Any, tmp_path: Path) -> None:
    tiny.write()
    path = tmp_path / "s.yaml"
    write_atomic(path, b"schema: signature/1\nsite: A\nwatermark: true\nrows: []\n")
    library = load_library(tiny.root, signatures=path)
    assert library.watermark == "A: not for clinical use" and set(library.waiting) == {"rule-two"}
