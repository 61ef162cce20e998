"""Contours of VTK files (XML, zlib) as SlicerRT keeps them: closed lines on axial planes. The standard library and numpy only."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from pathlib import Path

import numpy as np

from portico.rt import Contour, Structure

KINDS = {"Float32": "<f4", "Float64": "<f8", "Int32": "<i4", "Int64": "<i8"}


def array(text: str, section: str, name: str) -> np.ndarray:
    """One array of a section, such as the points of ``Points``."""
    body = text[text.index(f"<{section}>") : text.index(f"</{section}>")]
    found = re.search(rf'<DataArray type="(\w+)" Name="{name}"[^>]*>\s*([A-Za-z0-9+/=\s]+)', body)
    data = re.sub(r"\s", "", found[2])
    blocks = struct.unpack("<I", base64.b64decode(data[:8])[:4])[0]
    length = 4 * (3 + blocks)  # number of blocks, their size, the last one's size, then each packed size
    coded = 4 * ((length + 2) // 3)
    sizes = struct.unpack(f"<{3 + blocks}I", base64.b64decode(data[:coded])[:length])[3:]
    packed, out, at = base64.b64decode(data[coded:]), b"", 0
    for size in sizes:
        out += zlib.decompress(packed[at : at + size])
        at += size
    return np.frombuffer(out, KINDS[found[1]])


def read_contours(path: Path, number: int, name: str) -> Structure:
    """A structure from the lines of a file; a line repeats its first point."""
    text = path.read_text()
    points = array(text, "Points", "Points").reshape(-1, 3).astype(np.float64) * [-1, -1, 1]  # RAS to LPS
    order, ends = array(text, "Lines", "connectivity"), array(text, "Lines", "offsets")
    contours = []
    for low, high in zip([0, *ends[:-1]], ends, strict=True):
        ring = points[order[low:high]]
        if np.allclose(ring[0], ring[-1]):
            ring = ring[:-1]
        contours.append(Contour(np.column_stack([ring[:, :2], np.full(len(ring), ring[:, 2].mean())]), "CLOSED_PLANAR"))
    return Structure(number, name, tuple(contours))
