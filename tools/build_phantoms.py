"""Write the phantoms of tests/data as a few files each: DICOM of a spine and of a femur with hardware.

    python tools/build_phantoms.py [--check]

``--check`` writes nothing and exits 1 when a file is not current. The shapes stand in tests/rt/phantom_files.py.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "rt"))

import phantom_files as made  # noqa: E402  stands beside the tests

README = """# Phantoms

Synthetic: ellipses, boxes and rods written as DICOM by `tools/build_phantoms.py`. No patient was involved. Licence: that of the project.
"""


def wanted() -> dict[Path, bytes]:
    found = {}
    for name, phantom in (("spine", made.spine_phantom()), ("femur", made.femur_phantom())):
        folder = ROOT / "tests" / "data" / f"{name}-phantom"
        found |= {folder / file: data for file, data in made.files_of(phantom).items()}
        found[folder / "README.md"] = README.encode()
    labels = ROOT / "tests" / "data" / "spine-labels"
    found[labels / "vertebrae.nrrd"] = made.spine_labels(made.spine_phantom())
    found[labels / "README.md"] = README.replace("written as DICOM", "of the spine phantom as a label map").encode()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = [path for path, data in wanted().items() if not path.is_file() or path.read_bytes() != data]
    if not check:
        for path, data in wanted().items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    print(f"{'not current' if check else 'written'}: {len(stale)} files")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
