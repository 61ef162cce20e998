"""Put everything that an installation without network needs into one folder: dist/wheelhouse.

    python tools/wheelhouse.py            # wheels of the runtime lock and of the extra `department`, our own wheel, requirements.txt

On the machine without network, with the same version of Python:

    python3 -m venv /usr/local/lib/portico/venv
    /usr/local/lib/portico/venv/bin/pip install --no-index --find-links wheelhouse --require-hashes -r wheelhouse/requirements.txt

Versions and hashes are those of the locks in requirements/; our own wheel is in the list with its own hash.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "dist" / "wheelhouse"
LOCK, DEV = ROOT / "requirements" / "lock-py311.txt", ROOT / "requirements" / "dev-py311.txt"
EXTRA = "department"


def entries(text: str) -> dict[str, str]:
    """The entries of a lock by name: each a version with all its hashes."""
    found = re.findall(r"^([A-Za-z0-9._-]+)==\S+ \\\n(?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n?)+", text, re.MULTILINE)
    blocks = re.split(r"^(?=[A-Za-z0-9._-]+==)", text, flags=re.MULTILINE)[1:]
    made = {re.match(r"[A-Za-z0-9._-]+", block)[0].lower(): _plain(block) for block in blocks}  # type: ignore[index]
    assert len(made) == len(found), "a lock has an entry without version or hash"
    return made


def _plain(block: str) -> str:
    return "".join(line for line in block.splitlines(keepends=True) if not line.startswith("#")).rstrip() + "\n"


def wanted(lock: str, dev: str, extra: Iterable[str]) -> dict[str, str]:
    """Entries of the runtime, and those of the extra from the lock of development, binary parts with their names.

    Parameters
    ----------
    lock, dev : texts of both locks
    extra : requirements of the extra as pyproject.toml has them, such as ``psycopg[binary]>=3.2,<4``
    """
    runtime, every = entries(lock), entries(dev)
    for one in extra:
        name, parts = re.match(r"([A-Za-z0-9._-]+)(?:\[([a-z,]+)\])?", one).groups()  # type: ignore[union-attr]
        for full in (name, *(f"{name}-{part}" for part in (parts or "").split(",") if part)):
            runtime.setdefault(full.lower(), every[full.lower()])
    return dict(sorted(runtime.items()))


def main() -> None:
    """Download, build, write the list."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    found = wanted(LOCK.read_text("utf-8"), DEV.read_text("utf-8"), project["optional-dependencies"][EXTRA])
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("portico_rt-*.whl"):
        old.unlink()
    listed = FOLDER / "requirements.txt"
    listed.write_text("".join(found.values()), "utf-8")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "-q"]
    subprocess.run(
        [
            *pip,
            "download",
            "--require-hashes",
            "--no-deps",
            "--only-binary=:all:",
            "-d",
            str(FOLDER),
            "-r",
            str(listed),
        ],
        check=True,
    )
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(FOLDER)], cwd=ROOT, check=True)
    (wheel,) = FOLDER.glob("portico_rt-*.whl")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    with listed.open("a", encoding="utf-8") as stream:
        stream.write(f"{project['name']}=={project['version']} \\\n    --hash=sha256:{digest}\n")
    files = list(FOLDER.glob("*.whl"))
    print(f"{FOLDER.relative_to(ROOT)}: {len(files)} wheels, {sum(one.stat().st_size for one in files) / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
