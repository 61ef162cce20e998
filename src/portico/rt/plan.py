"""A treatment plan: prescription, fractions, beams, control points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

__all__ = ["Beam", "BeamDelivery", "ControlPoints", "DoseReference", "FractionGroup", "LimitingDevice", "Plan"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LimitingDevice:
    """Jaws or leaves of a beam.

    Parameters
    ----------
    kind : ``X``, ``Y``, ``ASYMX``, ``ASYMY``, ``MLCX``, ``MLCY``
    pairs : number of leaf or jaw pairs
    boundaries_mm : (pairs + 1,) leaf boundaries at isocentre; None when the file gives none (jaws)
    positions_mm : (control points, 2 x pairs) positions at isocentre, first bank then second; NaN before the first
        control point that states them
    """

    kind: str
    pairs: int
    boundaries_mm: Floats | None
    positions_mm: Floats


@dataclass(frozen=True, slots=True, eq=False)
class ControlPoints:
    """The control points of a beam, one array per attribute.

    An attribute that a control point leaves out keeps its last value (PS3.3 C.8.8.14.5). NaN: not stated so far.

    Parameters
    ----------
    weight : (n,) cumulative meterset weight, 0 to the beam's final weight
    gantry_deg, collimator_deg, couch_deg : (n,) angles in degrees, IEC 61217
    isocentre_mm : (n, 3) mm LPS
    energy : (n,) nominal energy, MV for photons and MeV for electrons
    rotation : gantry rotation at the first control point: ``CW``, ``CC``, ``NONE``; None when not stated
    """

    weight: Floats
    gantry_deg: Floats
    collimator_deg: Floats
    couch_deg: Floats
    isocentre_mm: Floats
    energy: Floats
    rotation: str | None

    def __len__(self) -> int:
        return len(self.weight)


@dataclass(frozen=True, slots=True, eq=False)
class Beam:
    """One beam.

    Parameters
    ----------
    number, name : as in the file
    kind : ``STATIC`` or ``DYNAMIC``; None when unknown
    radiation : ``PHOTON``, ``ELECTRON``, ...; None when unknown
    delivery : ``TREATMENT``, ``SETUP``, ...; None when unknown
    dosimeter_unit : ``MU`` or ``MINUTE``; None when unknown
    machine : name of the treatment machine; None when unknown
    fluence_mode : ``STANDARD`` or ``NON_STANDARD`` (such as flattening filter free); None when unknown
    final_weight : cumulative meterset weight at the last control point; None when unknown
    control_points : see :class:`ControlPoints`
    devices : jaws and leaves by kind
    sad_mm : distance from source to axis in mm; None when unknown
    """

    number: int
    name: str | None
    kind: str | None
    radiation: str | None
    delivery: str | None
    dosimeter_unit: str | None
    machine: str | None
    fluence_mode: str | None
    final_weight: float | None
    control_points: ControlPoints
    devices: Mapping[str, LimitingDevice] = field(default_factory=dict)
    sad_mm: float | None = None

    @property
    def is_arc(self) -> bool:
        """Whether the gantry stands at more than one angle."""
        gantry = self.control_points.gantry_deg
        stated = gantry[np.isfinite(gantry)]
        return bool(len(stated)) and bool(np.ptp(stated) > 0)


@dataclass(frozen=True, slots=True)
class BeamDelivery:
    """What one beam gives in each fraction of a fraction group.

    Parameters
    ----------
    number : beam number
    dose_gy : dose at its specification point in Gy per fraction; None when unknown
    meterset : monitor units (or minutes) per fraction; None when unknown
    point_mm : specification point, mm LPS; None when unknown
    """

    number: int
    dose_gy: float | None
    meterset: float | None
    point_mm: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True)
class FractionGroup:
    """Beams that are given together.

    Parameters
    ----------
    number : as in the file
    fractions : number of fractions planned; None when unknown
    beams : what each beam gives
    """

    number: int
    fractions: int | None
    beams: tuple[BeamDelivery, ...]


@dataclass(frozen=True, slots=True)
class DoseReference:
    """A prescription, or a dose bound, at a place.

    Parameters
    ----------
    number : as in the file
    structure_type : ``POINT``, ``VOLUME``, ``COORDINATES``, ``SITE``
    kind : ``TARGET`` or ``ORGAN_AT_RISK``
    description : as in the file; None when absent
    roi_number : structure it is on; None when absent
    point_mm : place, mm LPS; None when absent
    prescribed_gy, target_min_gy, target_max_gy, organ_max_gy, delivery_max_gy : Gy over the whole plan; None when absent
    """

    number: int
    structure_type: str | None
    kind: str | None
    description: str | None
    roi_number: int | None
    point_mm: tuple[float, float, float] | None
    prescribed_gy: float | None
    target_min_gy: float | None
    target_max_gy: float | None
    organ_max_gy: float | None
    delivery_max_gy: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One RTPLAN.

    Parameters
    ----------
    uid : SOP instance
    label : as in the file; None when absent
    approval : ``APPROVED``, ``UNAPPROVED``, ``REJECTED``; None when unknown
    intent : ``CURATIVE``, ``PALLIATIVE``, ``VERIFICATION``, ...; None when unknown
    geometry : ``PATIENT`` or ``TREATMENT_DEVICE``; None when unknown
    frame_uid : frame of reference; None when unknown
    structure_set_uids : structure sets it refers to
    dose_uids : doses it refers to
    patient_positions : position of each patient setup, e.g. ``"HFS"``
    fraction_groups, beams, dose_references : by number, in the order of the file
    """

    uid: str
    label: str | None
    approval: str | None
    intent: str | None
    geometry: str | None
    frame_uid: str | None
    structure_set_uids: tuple[str, ...]
    dose_uids: tuple[str, ...]
    patient_positions: tuple[str, ...]
    fraction_groups: Mapping[int, FractionGroup]
    beams: Mapping[int, Beam]
    dose_references: tuple[DoseReference, ...]

    @property
    def fractions(self) -> int | None:
        """Fractions of the only fraction group; None when unknown, or when there are several groups."""
        groups = tuple(self.fraction_groups.values())
        return groups[0].fractions if len(groups) == 1 else None
