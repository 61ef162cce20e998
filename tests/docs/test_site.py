"""The documentation builds without a warning and asks nothing of another host."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REQUEST = re.compile(
    r"""<(?:script|img|iframe|source|link(?![^>]*rel=["']?canonical))\b[^>]*\b(?:src|href)=["']?(https?:)?//[^>]*>"""
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_pattern_sees_a_request() -> None:
    assert REQUEST.search('<link rel="stylesheet" href="https://fonts.example.org/a.css">')
    assert REQUEST.search("<script src=//cdn.example.org/a.js></script>")
    assert not REQUEST.search('<a href="https://example.org">a link is no request</a>')


def test_every_page_is_built(site: Path) -> None:
    pages = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md") if "changes" not in path.parts]
    assert [str(page) for page in pages if not (site / page).with_suffix(".html").is_file()] == []


def test_no_page_asks_another_host(site: Path) -> None:
    found = {path.name: REQUEST.findall(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    assert found
    assert {name: requests for name, requests in found.items() if requests} == {}


def test_changes_are_no_part_of_the_site(site: Path) -> None:
    assert not (site / "changes").exists()


def test_words_for_the_tests_are_no_part_of_a_page(site: Path) -> None:
    page = (site / "index.html").read_text(encoding="utf-8")
    assert '<div class="highlight">' in page
    assert "```" not in page
