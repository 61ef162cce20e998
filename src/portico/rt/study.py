"""The objects of a folder or zip archive, and which of them belong together."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from portico.errors import InputRefused, Problem
from portico.rt.dicom_bytes import parse_dicom
from portico.rt.dicom_values import Fields
from portico.rt.dose import DoseGrid
from portico.rt.files import contents
from portico.rt.image import Image
from portico.rt.limits import DEFAULT_DICOM, DicomLimits
from portico.rt.plan import Plan
from portico.rt.plan_set import PlanSet, assembled
from portico.rt.read_dose import dose_from
from portico.rt.read_image import ImagePlane, image_from, plane_from
from portico.rt.read_plan import plan_from
from portico.rt.read_registration import registration_from
from portico.rt.read_structures import structures_from
from portico.rt.refusals import problem_of, refused, unreadable
from portico.rt.registration import Registration
from portico.rt.structures import StructureSet

__all__ = ["Study", "read_contents", "read_study"]

_READ: Final = ("CT", "RTSTRUCT", "RTDOSE", "RTPLAN", "REG")


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """What was found.

    Parameters
    ----------
    images, structure_sets, doses, plans : objects that can be used, in the order of their files
    refused : objects that are there and cannot be used, and why; show them
    passed_over : files that are not DICOM, or hold an object of a kind that is not read here
    registrations : rigid registrations between frames of reference
    """

    images: tuple[Image, ...] = ()
    structure_sets: tuple[StructureSet, ...] = ()
    doses: tuple[DoseGrid, ...] = ()
    plans: tuple[Plan, ...] = ()
    refused: tuple[Problem, ...] = ()
    passed_over: int = 0
    registrations: tuple[Registration, ...] = ()

    def plan_set(self, uid: str | None = None) -> PlanSet:
        """One plan with the structures, dose and image that it refers to.

        Parameters
        ----------
        uid : SOP instance of the plan; may be left out when there is one plan, or none and one dose

        Raises
        ------
        InputRefused
            ``several-plans`` (say which), ``no-such-plan``, ``no-plan``, ``frame-differs``, ``frames-mixed``,
            ``several-doses``, ``several-structure-sets``; the codes of :func:`portico.rt.sum_doses`
        """
        if uid is not None:
            found = [plan for plan in self.plans if plan.uid == uid]
            if not found:
                raise refused("no-such-plan", "There is no such plan.")
            plan: Plan | None = found[0]
        elif len(self.plans) > 1:
            raise refused(
                "several-plans", f"There are {len(self.plans)} plans.", fix="Say which by its SOP Instance UID."
            )
        else:
            plan = self.plans[0] if self.plans else None
        return assembled(plan, self.structure_sets, self.doses, self.images)


def read_study(path: str | os.PathLike[str], limits: DicomLimits = DEFAULT_DICOM) -> Study:
    """Read the CT, RTSTRUCT, RTDOSE, RTPLAN and REG objects of one patient.

    Parameters
    ----------
    path : folder, zip archive, or one file
    limits : bounds; see :class:`portico.rt.DicomLimits`

    Raises
    ------
    ReadingRefused
        a file that cannot be read safely: the codes of :func:`portico.rt.parse_dicom` and of files and archives
    InputRefused
        ``several-patients``, ``instance-repeated`` (two different files with one SOP instance), ``nothing-to-read``;
        when nothing can be used, the reason for the first object, with the others in ``problems``. An object among
        others that cannot be used is in ``Study.refused``.
    """
    return read_contents(contents(path, limits), limits)


def read_contents(files: Iterable[tuple[str, bytes]], limits: DicomLimits = DEFAULT_DICOM) -> Study:
    """The same from bytes, wherever they come from.

    Parameters
    ----------
    files : place (it stands in messages, so it names no patient) and bytes of each object

    Raises
    ------
    ReadingRefused, InputRefused
        as :func:`read_study`
    """
    reading = _Reading(limits)
    for place, data in files:
        reading.add(place, data)
    return reading.study()


class _Reading:
    def __init__(self, limits: DicomLimits) -> None:
        self.limits = limits
        self.planes: defaultdict[str | None, list[ImagePlane]] = defaultdict(list)
        self.spoiled: set[str | None] = set()
        self.structure_sets: list[StructureSet] = []
        self.doses: list[DoseGrid] = []
        self.plans: list[Plan] = []
        self.registrations: list[Registration] = []
        self.problems: list[Problem] = []
        self.seen: dict[str, bytes] = {}
        self.patient: str | None = None
        self.passed_over = 0

    def add(self, place: str, data: bytes) -> None:
        try:
            file = parse_dicom(data, self.limits)
        except InputRefused as error:
            if error.code == "not-dicom":
                self.passed_over += 1
                return
            found = problem_of(error, place)
            raise unreadable(found.code, found.message, path=found.path, fix=found.fix) from None
        fields = Fields(file.root)
        try:
            modality = fields.code("Modality")
            if modality is None:
                raise fields.need("Modality")
            if modality not in _READ:
                self.passed_over += 1
                return
            if not self._is_new(fields, data):
                return
            self._one_patient(fields)
            if modality == "CT":
                self._plane(fields, file.syntax)
            elif modality == "RTSTRUCT":
                self.structure_sets.append(structures_from(fields))
            elif modality == "RTDOSE":
                self.doses.append(dose_from(fields, file.syntax, self.limits))
            elif modality == "REG":
                self.registrations.append(registration_from(fields))
            else:
                self.plans.append(plan_from(fields))
        except InputRefused as error:
            if error.code in ("several-patients", "instance-repeated"):
                raise
            self.problems.append(problem_of(error, place))

    def _is_new(self, fields: Fields, data: bytes) -> bool:
        uid = fields.uid("SOPInstanceUID")
        if uid is None:
            return True
        digest = hashlib.sha256(data).digest()
        before = self.seen.setdefault(uid, digest)
        if before is digest:
            return True
        if before != digest:
            raise refused("instance-repeated", "Two different files are one SOP instance.", path="SOPInstanceUID")
        return False

    def _one_patient(self, fields: Fields) -> None:
        patient = fields.text("PatientID")
        if patient is None:
            return
        if self.patient is None:
            self.patient = patient
        elif self.patient != patient:
            raise refused("several-patients", "The files belong to more than one patient.", path="PatientID")

    def _plane(self, fields: Fields, syntax: str | None) -> None:
        series = fields.uid("SeriesInstanceUID")
        try:
            self.planes[series].append(plane_from(fields, syntax, self.limits))
        except InputRefused:
            self.spoiled.add(series)  # without this image the series could look whole
            raise

    def study(self) -> Study:
        images: list[Image] = []
        for number, (series, planes) in enumerate(self.planes.items(), start=1):
            if series in self.spoiled:
                continue
            made = self._made(f"image series {number}", lambda planes=planes: image_from(planes, self.limits))  # type: ignore[misc]
            if made is not None:
                images.append(made)
        if not (images or self.structure_sets or self.doses or self.plans or self.registrations):
            if self.problems:
                raise InputRefused.from_problems(self.problems)
            raise refused("nothing-to-read", "There is no CT, RTSTRUCT, RTDOSE, RTPLAN or REG object here.")
        return Study(
            tuple(images),
            tuple(self.structure_sets),
            tuple(self.doses),
            tuple(self.plans),
            tuple(self.problems),
            self.passed_over,
            tuple(self.registrations),
        )

    def _made(self, place: str, make: Callable[[], Image]) -> Image | None:
        try:
            return make()
        except InputRefused as error:
            self.problems.append(problem_of(error, place))
            return None
