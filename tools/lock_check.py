"""Dry run of both locks for each Python version the project names.

    python tools/lock_check.py            # 3.11, 3.12 and 3.13
    python tools/lock_check.py 3.13

For each version pip is asked what it would install, from wheels only and with every hash checked, and
installs nothing. It proves that each pinned version has a wheel for that Python whose hash stands in
the lock, and that the pins agree with one another. pip evaluates environment markers for the Python it
runs under, so a dependency that only a newer Python needs is not found here; the tests on that
Python would find it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ("3.11", "3.12", "3.13")
LOCKS = ("lock-py311.txt", "dev-py311.txt")


def would_install(lock: Path, version: str) -> subprocess.CompletedProcess[str]:
    """Ask pip; nothing is installed."""
    with tempfile.TemporaryDirectory() as target:
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--disable-pip-version-check", "--no-input"]
        command += ["--ignore-installed", "--only-binary=:all:", "--python-version", version, "--target", target]
        command += ["--require-hashes", "-r", str(lock)]
        return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def main(versions: list[str]) -> int:
    failed = 0
    for version in versions or VERSIONS:
        for name in LOCKS:
            done = would_install(ROOT / "requirements" / name, version)
            fine = done.returncode == 0 and "Would install" in done.stdout
            failed += not fine
            print(f"Python {version}  requirements/{name:15} {'fine' if fine else 'FAILED'}", flush=True)
            if not fine:
                print(done.stderr.strip(), file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
