"""Settings of every test run: steady property tests, and skips that are said aloud.

Under ``PORTICO_REQUIRE_ALL=1`` a skipped test fails the run: it is set where everything that the tests
need is installed. Elsewhere the run lists what it skipped and why.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))  # pace.py stands beside the tests

# Two busy cores and coverage make any deadline a matter of luck. Reduced counts are the same on each
# run; the full counts of `make assure` draw new examples.
settings.register_profile("reduced", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("full", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("full" if os.environ.get("PORTICO_ASSURE") == "1" else "reduced")

HERE = Path(__file__).parent
UNTRACED = tuple(
    HERE / name
    for name in (
        "cohort/synthetic", "docs", "dosimetry/test_claims.py", "hostile", "parity", "planning/test_openkbp.py",
        "service/test_browser.py", "service/test_faults.py", "targets/test_claims.py",
    )
)  # fmt: skip
"""Tests that repeat one thing many times: the lines they reach are measured by other tests."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(item.path.is_relative_to(path) for path in UNTRACED):
            item.add_marker(pytest.mark.untraced)


@pytest.fixture(autouse=True)
def _without_coverage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tests marked ``untraced`` run at full speed: coverage sees neither them nor the processes they start."""
    if request.node.get_closest_marker("untraced") is None:
        yield
        return
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
    tracer = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(tracer)


def _skipped(session_or_config: Any) -> list[tuple[str, str]]:
    """Test and reason of each skip, in order of name."""
    config = getattr(session_or_config, "config", session_or_config)
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:  # a process of xdist: its parent counts
        return []
    found = []
    for report in reporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        found.append((report.nodeid, reason.removeprefix("Skipped: ")))
    return sorted(found)


def _skips_fail() -> bool:
    return os.environ.get("PORTICO_REQUIRE_ALL") == "1"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if _skips_fail() and exitstatus == pytest.ExitCode.OK and _skipped(session):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    skipped = _skipped(config)
    if not skipped:
        return
    terminalreporter.section("not run here")
    for name, reason in skipped:
        terminalreporter.line(f"{name}: {reason}")
    if _skips_fail():
        terminalreporter.line("PORTICO_REQUIRE_ALL=1: a skipped test fails the run", red=True)
