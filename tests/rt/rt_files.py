"""DICOM files made by pydicom, an encoder other than ours, and ways to read them back."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

DATA = Path(__file__).parents[1] / "data" / "rt"
FRAME = "1.2.3.4"
IMPLICIT, EXPLICIT, BIG, DEFLATED = (
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)
NAME = "DOE^PLANTED"
IDENTIFIER = "PLANTED-4711"
CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "RTDOSE": "1.2.840.10008.5.1.4.1.1.481.2",
    "RTSTRUCT": "1.2.840.10008.5.1.4.1.1.481.3",
    "RTPLAN": "1.2.840.10008.5.1.4.1.1.481.5",
}


def gunzipped(name: str) -> bytes:
    return gzip.decompress((DATA / name).read_bytes())


def base(modality: str, uid: str) -> Dataset:
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 100"
    made.SOPClassUID = CLASSES[modality]
    made.SOPInstanceUID = uid
    made.Modality = modality
    made.PatientName = NAME
    made.PatientID = IDENTIFIER
    made.StudyInstanceUID = "1.2.3"
    made.FrameOfReferenceUID = FRAME
    return made


def encoded(made: Dataset, syntax=EXPLICIT) -> bytes:
    made = made.copy()
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = made.SOPClassUID
    meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.file_meta = meta
    out = io.BytesIO()
    if syntax in (BIG, IMPLICIT):
        made.save_as(out, enforce_file_format=True, implicit_vr=syntax == IMPLICIT, little_endian=syntax != BIG)
    else:
        made.save_as(out, enforce_file_format=True)
    return out.getvalue()


def put(folder: Path, *files: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    for number, data in enumerate(files):
        (folder / f"{number:03}.dcm").write_bytes(data)
    return folder


def ct_plane(
    z: float, uid: str, *, orientation=(1, 0, 0, 0, 1, 0), position=None, value=None, slope=1, series="1.2.3.5"
) -> Dataset:
    made = base("CT", uid)
    made.SeriesInstanceUID = series
    made.ImagePositionPatient = [-10, -20, z] if position is None else position
    made.ImageOrientationPatient = list(orientation)
    made.PixelSpacing = [2, 1]
    made.PatientPosition = "HFS"
    made.RescaleSlope, made.RescaleIntercept = slope, -1024
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows, made.Columns = 3, 4
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 12, 11, 0
    made.PixelData = np.full((3, 4), z if value is None else value).astype("<u2").tobytes()
    return made


def dose(
    gy,
    *,
    orientation=(1, 0, 0, 0, 1, 0),
    position=(-5.0, -7.0, 30.0),
    spacing=(3.0, 2.0),
    offsets=None,
    uid="1.9.1",
    summation="PLAN",
    plan="1.7.1",
    beams=(),
    bits=32,
    scaling=1e-3,
) -> Dataset:
    made = base("RTDOSE", uid)
    made.ImagePositionPatient = list(position)
    made.ImageOrientationPatient = list(orientation)
    made.PixelSpacing = list(spacing)
    made.NumberOfFrames = gy.shape[0]
    made.FrameIncrementPointer = 0x3004000C
    made.GridFrameOffsetVector = list(np.arange(gy.shape[0]) * 2.5 if offsets is None else offsets)
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows, made.Columns = gy.shape[1:]
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = bits, bits, bits - 1, 0
    made.DoseUnits, made.DoseType, made.DoseSummationType = "GY", "PHYSICAL", summation
    made.DoseGridScaling = scaling
    made.PixelData = np.rint(gy / scaling).astype(f"<u{bits // 8}").tobytes()
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = CLASSES["RTPLAN"], plan
    if beams:
        group = Dataset()
        group.ReferencedFractionGroupNumber = 1
        group.ReferencedBeamSequence = Sequence([_with(ReferencedBeamNumber=number) for number in beams])
        reference.ReferencedFractionGroupSequence = Sequence([group])
    made.ReferencedRTPlanSequence = Sequence([reference])
    return made


def _with(**values) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def square(z: float, half: float, centre=(0.0, 0.0)) -> list[tuple[float, float, float]]:
    x, y = centre
    return [(x - half, y - half, z), (x + half, y - half, z), (x + half, y + half, z), (x - half, y + half, z)]


def structures(rois, *, uid="1.8.1", frame=FRAME, series="1.2.3.5") -> Dataset:
    """``rois``: number -> (name, [(kind, points)])."""
    made = base("RTSTRUCT", uid)
    made.StructureSetLabel = "SET"
    referenced = _with(SeriesInstanceUID=series)
    study = _with(
        ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.1",
        ReferencedSOPInstanceUID="1.2.3",
        RTReferencedSeriesSequence=Sequence([referenced]),
    )
    made.ReferencedFrameOfReferenceSequence = Sequence(
        [_with(FrameOfReferenceUID=frame, RTReferencedStudySequence=Sequence([study]))]
    )
    made.StructureSetROISequence = Sequence(
        [
            _with(ROINumber=number, ReferencedFrameOfReferenceUID=frame, ROIName=name, ROIGenerationAlgorithm="MANUAL")
            for number, (name, _) in rois.items()
        ]
    )
    made.ROIContourSequence = Sequence(
        [
            _with(
                ReferencedROINumber=number,
                ContourSequence=Sequence(
                    [
                        _with(
                            ContourGeometricType=kind,
                            NumberOfContourPoints=len(points),
                            ContourData=[c for point in points for c in point],
                        )
                        for kind, points in contours
                    ]
                ),
            )
            for number, (_, contours) in rois.items()
        ]
    )
    made.RTROIObservationsSequence = Sequence(
        [
            _with(ObservationNumber=number, ReferencedROINumber=number, RTROIInterpretedType="PTV", ROIInterpreter="")
            for number in rois
        ]
    )
    return made


def plan(*, uid="1.7.1", arcs=1, points=4, pairs=2, structure_set="1.8.1", radiation="PHOTON", fractions=5) -> Dataset:
    made = base("RTPLAN", uid)
    made.RTPlanLabel, made.RTPlanGeometry, made.ApprovalStatus = "P1", "PATIENT", "APPROVED"
    made.PatientSetupSequence = Sequence([_with(PatientSetupNumber=1, PatientPosition="HFS")])
    made.ReferencedStructureSetSequence = Sequence(
        [_with(ReferencedSOPClassUID=CLASSES["RTSTRUCT"], ReferencedSOPInstanceUID=structure_set)]
    )
    made.DoseReferenceSequence = Sequence(
        [
            _with(
                DoseReferenceNumber=1,
                DoseReferenceStructureType="VOLUME",
                DoseReferenceType="TARGET",
                ReferencedROINumber=1,
                TargetPrescriptionDose=24,
            )
        ]
    )
    made.FractionGroupSequence = Sequence(
        [
            _with(
                FractionGroupNumber=1,
                NumberOfFractionsPlanned=fractions,
                ReferencedBeamSequence=Sequence(
                    [_with(ReferencedBeamNumber=n, BeamDose=1.5, BeamMeterset=100.5) for n in range(1, arcs + 1)]
                ),
            )
        ]
    )
    leaves = np.random.default_rng(1).uniform(-200, 200, (arcs, points, 2 * pairs)).round(4)
    made.BeamSequence = Sequence([_arc(number, leaves[number - 1], radiation) for number in range(1, arcs + 1)])
    return made


def _arc(number: int, leaves, radiation) -> Dataset:
    count, width = leaves.shape
    devices = [
        _with(RTBeamLimitingDeviceType="ASYMX", NumberOfLeafJawPairs=1),
        _with(
            RTBeamLimitingDeviceType="MLCX",
            NumberOfLeafJawPairs=width // 2,
            LeafPositionBoundaries=list(np.arange(width // 2 + 1) * 5.0),
        ),
    ]
    made = _with(
        BeamNumber=number,
        BeamName=f"arc {number}",
        BeamType="DYNAMIC",
        RadiationType=radiation,
        TreatmentDeliveryType="TREATMENT",
        PrimaryDosimeterUnit="MU",
        FinalCumulativeMetersetWeight=1,
        NumberOfControlPoints=count,
        BeamLimitingDeviceSequence=Sequence(devices),
    )
    controls = []
    for index in range(count):
        point = _with(
            ControlPointIndex=index,
            CumulativeMetersetWeight=round(index / (count - 1), 8),
            GantryAngle=round(index * 350 / count, 3),
        )
        positions = [_with(RTBeamLimitingDeviceType="MLCX", LeafJawPositions=list(leaves[index]))]
        if index == 0:
            point.NominalBeamEnergy = 6
            point.IsocenterPosition = [1, 2, 3]
            point.BeamLimitingDeviceAngle = 15
            point.GantryRotationDirection = "CW"
            positions.insert(0, _with(RTBeamLimitingDeviceType="ASYMX", LeafJawPositions=[-50, 50]))
        point.BeamLimitingDevicePositionSequence = Sequence(positions)
        controls.append(point)
    made.ControlPointSequence = Sequence(controls)
    return made


def inflating(size: int) -> bytes:
    """A deflated file whose private element of ``size`` zero bytes takes a thousandth of that."""
    head = encoded(base("RTDOSE", "1.9.1"), DEFLATED)
    start = 132 + 12 + struct.unpack("<L", head[140:144])[0]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    parts = [packer.compress(struct.pack("<HH2sHL", 0x0009, 0x0010, b"OB", 0, size))]
    parts += [packer.compress(bytes(1_000_000)) for _ in range(size // 1_000_000)]
    return head[:start] + b"".join(parts) + packer.flush()
