"""What an operator installs from: the list of the wheelhouse, the unit of systemd, the proxy."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from portico.service import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


@pytest.fixture(scope="module")
def wheelhouse():
    spec = importlib.util.spec_from_file_location("wheelhouse", ROOT / "tools" / "wheelhouse.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def test_the_wheelhouse_lists_every_dependency_with_its_hashes(wheelhouse) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = project["optional-dependencies"]["department"]
    found = wheelhouse.wanted(wheelhouse.LOCK.read_text(), wheelhouse.DEV.read_text(), extra)
    named = {re.match(r"[A-Za-z0-9._-]+", one)[0].lower() for one in (*project["dependencies"], *extra)}
    assert {re.sub(r"[._-]+", "-", name) for name in named} <= {
        re.sub(r"[._-]+", "-", name) for name in found
    } and "psycopg-binary" in found
    assert set(wheelhouse.entries(wheelhouse.LOCK.read_text())) <= set(found)
    for name, text in found.items():
        assert re.fullmatch(rf"(?i){re.escape(name)}==\S+ \\\n(    --hash=sha256:[0-9a-f]{{64}}( \\)?\n)+", text), name


def test_an_entry_without_hash_is_refused(wheelhouse) -> None:
    with pytest.raises(AssertionError, match="without version or hash"):
        wheelhouse.entries("one==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\ntwo==2.0\n")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd")
def test_the_unit_is_read_without_complaint_and_is_shut_in() -> None:
    unit = str(DEPLOY / "portico.service")
    told = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False).stderr
    assert [line for line in told.splitlines() if "portico.service" in line and "is not executable" not in line] == []
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=20", unit]  # of 100; more is refused
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_the_proxy_lets_through_what_the_service_takes() -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    sizes = re.findall(r"client_max_body_size (\d+)m;", text)
    assert [int(size) * 1024 * 1024 for size in sizes] == [Settings(Path("x")).max_upload]
    passed = re.findall(r"proxy_pass http://127\.0\.0\.1:(\d+);\n(?:.*\n)*?\s+proxy_set_header Host \$host;", text)
    assert passed == [str(Settings(Path("x")).port)] * 2
