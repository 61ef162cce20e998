"""Control points read a column at a time: one numpy pass per attribute and device instead of one per value.

A 3-arc plan holds some 65 000 leaf positions. As decimal-string objects they cost most of the reading time.

Source: DICOM PS3.3 2024d, C.8.8.14.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from portico.rt.dicom_values import Fields, decimals
from portico.rt.plan import ControlPoints, LimitingDevice
from portico.rt.refusals import refused

__all__ = ["read_control_points", "read_devices"]

Floats = npt.NDArray[np.float64]

_MOST_PAIRS: Final = 1000
_WEIGHT_TOLERANCE: Final = 1e-6


def read_control_points(beam: Fields, points: Sequence[Fields], final_weight: float | None) -> ControlPoints:
    """Columns of the control points of one beam.

    Parameters
    ----------
    beam : item of the beam sequence
    points : its control points in the order of the file
    final_weight : final cumulative meterset weight; None when unknown

    Raises
    ------
    InputRefused
        ``missing-tag``, ``control-points`` (indices out of order, weights that fall or pass the final weight)
    """
    index = _column(points, "ControlPointIndex", 1)[:, 0]
    if not np.array_equal(index, np.arange(len(points))):
        raise refused(
            "control-points", "The control points are not numbered in order.", path=beam.place("ControlPointSequence")
        )
    weight = _column(points, "CumulativeMetersetWeight", 1, keep=False)[:, 0]
    known = weight[np.isfinite(weight)]
    if len(known) and (known.min() < 0 or (np.diff(known) < -_WEIGHT_TOLERANCE).any()):
        raise refused("control-points", "The meterset weights fall.", path=beam.place("ControlPointSequence"))
    if len(known) and final_weight is not None and known.max() > final_weight * (1 + 1e-4) + _WEIGHT_TOLERANCE:
        raise refused(
            "control-points", "A meterset weight passes the final one.", path=beam.place("ControlPointSequence")
        )
    return ControlPoints(
        weight=weight,
        gantry_deg=_column(points, "GantryAngle", 1)[:, 0],
        collimator_deg=_column(points, "BeamLimitingDeviceAngle", 1)[:, 0],
        couch_deg=_column(points, "PatientSupportAngle", 1)[:, 0],
        isocentre_mm=_column(points, "IsocenterPosition", 3),
        energy=_column(points, "NominalBeamEnergy", 1)[:, 0],
        rotation=points[0].code("GantryRotationDirection"),
    )


def read_devices(beam: Fields, points: Sequence[Fields]) -> dict[str, LimitingDevice]:
    """Jaws and leaves of one beam, by kind.

    Raises
    ------
    InputRefused
        ``missing-tag``, ``leaf-positions`` (a device that the beam does not declare, twice in a control point, or
        with the wrong number of positions), ``leaf-boundaries``
    """
    declared: dict[str, tuple[int, Floats | None]] = {}
    for item in beam.items("BeamLimitingDeviceSequence"):
        kind = item.code("RTBeamLimitingDeviceType")
        pairs = item.integer("NumberOfLeafJawPairs")
        if kind is None:
            raise item.need("RTBeamLimitingDeviceType")
        if pairs is None:
            raise item.need("NumberOfLeafJawPairs")
        boundaries = item.numbers("LeafPositionBoundaries")
        sound = boundaries is None or (len(boundaries) == pairs + 1 and bool((np.diff(boundaries) > 0).all()))
        if kind in declared or not 1 <= pairs <= _MOST_PAIRS or not sound:
            raise refused("leaf-boundaries", "The jaws or leaves are not declared soundly.", path=item.path)
        declared[kind] = (pairs, boundaries)
    found: dict[str, tuple[list[int], list[bytes]]] = {kind: ([], []) for kind in declared}
    for number, point in enumerate(points):
        for item in point.items("BeamLimitingDevicePositionSequence"):
            _add_positions(item, number, declared, found)
    return {
        kind: LimitingDevice(kind, pairs, boundaries, _filled(*found[kind], len(points), 2 * pairs, beam.path))
        for kind, (pairs, boundaries) in declared.items()
    }


def _add_positions(
    item: Fields,
    number: int,
    declared: dict[str, tuple[int, Floats | None]],
    found: dict[str, tuple[list[int], list[bytes]]],
) -> None:
    kind = item.code("RTBeamLimitingDeviceType")
    raw = item.raw("LeafJawPositions")
    if kind is None:
        raise item.need("RTBeamLimitingDeviceType")
    if raw is None:
        raise item.need("LeafJawPositions")
    data = bytes(raw)
    if kind not in declared or data.count(b"\\") + 1 != 2 * declared[kind][0]:
        raise refused("leaf-positions", "The positions do not fit the declared jaws or leaves.", path=item.path)
    rows, values = found[kind]
    if rows and rows[-1] == number:
        raise refused("leaf-positions", "A device occurs twice in a control point.", path=item.path)
    rows.append(number)
    values.append(data)


def _column(points: Sequence[Fields], keyword: str, width: int, *, keep: bool = True) -> Floats:
    """(n, width) numbers of one attribute; left-out values keep the last one when ``keep``, else stay NaN."""
    rows: list[int] = []
    values: list[bytes] = []
    for number, point in enumerate(points):
        raw = point.raw(keyword)
        if raw is not None and (data := bytes(raw).strip(b" \x00")):
            if data.count(b"\\") != width - 1:
                raise refused("wrong-count", f"There must be {width} numbers.", path=point.place(keyword))
            rows.append(number)
            values.append(data)
    if keep:
        return _filled(rows, values, len(points), width, points[0].place(keyword))
    sparse = np.full((len(points), width), np.nan)
    sparse[rows] = decimals(b"\\".join(values), points[0].place(keyword)).reshape(-1, width)
    return sparse


def _filled(rows: list[int], values: list[bytes], count: int, width: int, place: str) -> Floats:
    """Values at their rows, each carried on to the next row that states one."""
    stated = decimals(b"\\".join(value.strip(b" \x00") for value in values), place)
    if len(stated) != len(rows) * width:
        raise refused("wrong-count", "A number is missing.", path=place)
    if not rows:
        return np.full((count, width), np.nan)
    last = np.searchsorted(np.asarray(rows), np.arange(count), side="right") - 1
    result = stated.reshape(-1, width)[np.maximum(last, 0)]
    result[last < 0] = np.nan
    return result
