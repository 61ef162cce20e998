"""Resolve the hashed locks in requirements/ again, from pyproject.toml and the lists of the peers.

    python tools/lock.py              # keep the versions that still fit
    python tools/lock.py peers-pyradplan-py311.txt
    python tools/lock.py --upgrade    # take the newest versions that fit

The locks name no host and no path, and hold the hashes of every file that the public index offers for
a version: so pip's own configuration and its PIP_* variables are shut out, except certificate, proxy,
time limit and the address of an index.

It runs only with the Python of Debian 12: a newer one takes versions that this one refuses.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT = {"PIP_CERT", "PIP_DEFAULT_TIMEOUT", "PIP_INDEX_URL", "PIP_PROXY"}
"""Variables of pip that say how to reach an index, never which further files to take."""

OLDEST = (3, 11, 2)
"""The oldest Python that the locks must serve: Debian 12."""

COMMON = [
    "--generate-hashes",
    "--allow-unsafe",
    "--strip-extras",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
    "--no-emit-options",
    "--no-annotate",
    "--quiet",
]
BUILD = ["--build-deps-for=editable", "--build-deps-for=wheel"]
LOCKS = {
    "lock-py311.txt": [*BUILD, "pyproject.toml"],
    "dev-py311.txt": [*BUILD, "--extra=dev", "--constraint=requirements/lock-py311.txt", "pyproject.toml"],
    "peers-dicompyler-py311.txt": ["requirements/peers-dicompyler.in"],
    "peers-pyradplan-py311.txt": ["requirements/peers-pyradplan.in"],
}
"""Lock and what it is resolved from; those of the peers are for benchmarks only, each in an environment of its own."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    parser.add_argument(
        "names", nargs="*", choices=[*LOCKS, []], metavar="LOCK", help="file in requirements/; all when left out"
    )
    asked = parser.parse_args()
    if sys.version_info[:3] != OLDEST:
        print(f"the locks are made with Python {'.'.join(map(str, OLDEST))}: make lock PYTHON=...", file=sys.stderr)
        return 2
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PIP_") or key in KEPT}
    environment |= {"PIP_CONFIG_FILE": os.devnull, "CUSTOM_COMPILE_COMMAND": "make lock"}
    for name in asked.names or LOCKS:
        command = [sys.executable, "-m", "piptools", "compile", *COMMON, *LOCKS[name]]
        command += ["--upgrade"] if asked.upgrade else []
        command += [f"--output-file=requirements/{name}"]
        print(f"requirements/{name}", flush=True)
        subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
