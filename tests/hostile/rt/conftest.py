"""The files of the room's own tests can be imported."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "rt"))  # rt_files.py stands there
