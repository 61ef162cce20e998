"""Two phantoms as DICOM: a spine with rods and screws, a femur with a nail. Synthetic: no patient was involved.

Every shape is an ellipse, a box or a rod, so that what a check finds can be worked out by hand. CT and RTPLAN are written by
pydicom, structures and dose by portico.rt; the same call gives the same bytes. ``tools/build_phantoms.py`` keeps them in tests/data.
"""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass, field

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian

from portico.rt import Contour, Grid, Identity, Image, PhysicalProperty, Structure, StructureSet, structures_bytes
from portico.rt.dicom_write import content_uid

CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "RTDOSE": "1.2.840.10008.5.1.4.1.1.481.2",
    "RTPLAN": "1.2.840.10008.5.1.4.1.1.481.5",
}
STRUCTURES = "1.2.840.10008.5.1.4.1.1.481.3"
TURN = 2.0 * np.pi * np.arange(72) / 72
TITANIUM_HU, BONE_HU, SOFT_HU, LUNG_HU, AIR_HU = 8000, 300, 40, -700, -1000


@dataclass
class Phantom:
    """What a phantom is made of: positions of CT voxels, HU, structures, dose, and the plan as data."""

    name: str
    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    hu: np.ndarray
    structures: list[Structure]
    dose_axes: tuple[np.ndarray, np.ndarray, np.ndarray]
    gy: np.ndarray
    plan: dict = field(default_factory=dict)

    def uid(self, what: str) -> str:
        return content_uid("portico phantom", self.name, what)


def mesh(x, y, z):
    return x[None, None, :], y[None, :, None], z[:, None, None]


def ellipse(centre, radii, heights):
    """Contours of an ellipse at heights."""
    ring = np.column_stack([centre[0] + radii[0] * np.cos(TURN), centre[1] + radii[1] * np.sin(TURN)])
    return tuple(Contour(np.column_stack([ring, np.full(len(ring), z)]).round(4), "CLOSED_PLANAR") for z in heights)


def rod_distance(x, y, z, start, end):
    """Distance in mm of every voxel to the line from start to end."""
    start, end = np.array(start, float), np.array(end, float)
    line = end - start
    px, py, pz = x - start[0], y - start[1], z - start[2]
    along = np.clip((px * line[0] + py * line[1] + pz * line[2]) / (line @ line), 0.0, 1.0)
    return np.sqrt((px - along * line[0]) ** 2 + (py - along * line[1]) ** 2 + (pz - along * line[2]) ** 2)


def inside(x, y, centre, radii):
    return ((x - centre[0]) / radii[0]) ** 2 + ((y - centre[1]) / radii[1]) ** 2 <= 1.0


def spine_phantom(*, cord_factor: float = 1.0, clip_hu: int | None = None, spacing: float = 2.0) -> Phantom:
    """T6 to T10 with a laminectomy at T8, screws and rods from T7 to T9, 24 Gy in 2 to T8.

    Parameters
    ----------
    cord_factor : factor of the dose behind y = 38 mm, where cord and sac lie
    clip_hu : highest HU that the CT can express; None for an extended scale
    spacing : of the dose grid in mm
    """
    x, y, z = np.arange(-159.0, 160, 2), np.arange(-119.0, 120, 2), np.arange(-90.0, 91, 2)
    gx, gy_, gz = mesh(x, y, z)
    hu = np.full((len(z), len(y), len(x)), AIR_HU, dtype=np.int32)
    everywhere = np.ones_like(gz, dtype=bool)
    hu[everywhere & inside(gx, gy_, (0, 0), (150, 105))] = SOFT_HU
    for side in (-1, 1):
        hu[everywhere & inside(gx, gy_, (75 * side, -5), (40, 70))] = LUNG_HU
    hu[everywhere & inside(gx, gy_, (0, -32), (9, 9))] = AIR_HU
    for level in (-52, -26, 0, 26, 52):
        slab = np.abs(gz - level) <= 11
        hu[slab & inside(gx, gy_, (0, 20), (17, 14))] = BONE_HU
        arch = inside(gx, gy_, (0, 45), (17, 15)) & ~inside(gx, gy_, (0, 45), (10, 9)) & (gy_ > 32)
        if level == 0:
            arch = arch & (gy_ < 46) & (np.abs(gx) > 9)  # laminectomy
        hu[slab & arch] = BONE_HU
    for side in (-1, 1):
        parts = [((18 * side, 64, -34), (18 * side, 64, 34), 2.75)]
        parts += [((18 * side, 64, level), (9 * side, 14, level), 2.5) for level in (-26, 26)]
        for start, end, radius in parts:
            hu[rod_distance(gx, gy_, gz, start, end) <= radius] = TITANIUM_HU
    hu[(gy_ > 107) & (gy_ < 112) & (np.abs(gx) < 140) & everywhere] = -300
    if clip_hu is not None:
        hu = np.minimum(hu, clip_hu)
    whole = z[np.abs(z) <= 80]
    near = z[np.abs(z) <= 11]
    wide = z[np.abs(z) <= 13]
    names = [
        ("External", "EXTERNAL", ellipse((0, 0), (150, 105), z)),
        ("CouchSurface", "SUPPORT", tuple(Contour(np.array([[-140, 107, h], [140, 107, h], [140, 112, h], [-140, 112, h]], float), "CLOSED_PLANAR") for h in z)),
        ("CTV", "CTV", ellipse((0, 20), (17, 14), near)),
        ("PTV", "PTV", ellipse((0, 20), (19, 16), wide)),
        ("SpinalCord", "ORGAN", ellipse((0, 45), (6, 4), whole)),
        ("SpinalCord_PRV02", "ORGAN", ellipse((0, 45), (8, 6), whole)),
        ("ThecalSac", "ORGAN", ellipse((0, 45), (9, 7), whole)),
        ("Esophagus", "ORGAN", ellipse((-4, -12), (7, 5), whole)),
        ("Trachea", "ORGAN", ellipse((0, -32), (9, 9), whole)),
        ("Heart", "ORGAN", ellipse((15, -62), (40, 25), z[(z >= -80) & (z <= 0)])),
        ("Lung_L", "ORGAN", ellipse((75, -5), (40, 70), whole)),
        ("Lung_R", "ORGAN", ellipse((-75, -5), (40, 70), whole)),
        ("VB_T8", None, ellipse((0, 20), (17, 14), near)),
    ]  # fmt: skip
    structures = [
        Structure(n, name, contours, kind, generation="MANUAL") for n, (name, kind, contours) in enumerate(names, 1)
    ]
    axes = (np.arange(-124.0, 124.1, spacing), np.arange(-96.0, 80.1, spacing), np.arange(-86.0, 86.1, spacing))
    dx, dy, dz = mesh(*axes)
    flat = np.sqrt((dx / 19) ** 2 + ((dy - 20) / 16) ** 2)
    apart = np.where(flat > 1e-9, (flat - 1.0) / np.maximum(flat, 1e-9), -1.0) * np.sqrt(dx**2 + (dy - 20) ** 2)
    apart = np.where(flat > 1e-9, apart, -16.0)
    up = np.abs(dz) - 13.0
    distance = np.where(
        (apart > 0) & (up > 0), np.hypot(np.maximum(apart, 0), np.maximum(up, 0)), np.maximum(apart, up)
    )
    gy = 27.5 / (1.0 + np.exp((distance - 3.9) / 1.8)) + np.clip(1.0 - distance / 60.0, 0.0, 1.0) * 0.9
    gy = np.where(distance > 60.0, 0.0, gy)
    gy = np.where(np.broadcast_to(dy, gy.shape) > 38.0, gy * cord_factor, gy)
    plan = {
        "fractions": 2, "prescribed": 24.0, "target": 4, "isocentre": (0.0, 20.0, 0.0), "label": "spine 24/2",
        "beams": [(f"G{angle}", float(angle), (-26, 26), (-20, 20), 260.0) for angle in range(100, 261, 20)],
        "mlc": True,
    }  # fmt: skip
    return Phantom("spine", x, y, z, hu, structures, axes, gy, plan)


def femur_phantom(*, low_mm: float = -145.0, cement: bool = False) -> Phantom:
    """A left femur with a nail and a neck screw through a lytic lesion; opposed plain fields, 30 Gy in 10, no target volume.

    Parameters
    ----------
    low_mm : distal field edge at z; the nail ends at -180 mm
    cement : True adds a contour of cement with a density override
    """
    x, y, z = np.arange(-178.75, 180, 2.5), np.arange(-98.75, 100, 2.5), np.arange(-220.0, 221, 4)
    gx, gy_, gz = mesh(x, y, z)
    hu = np.full((len(z), len(y), len(x)), AIR_HU, dtype=np.int32)
    everywhere = np.ones_like(gz, dtype=bool)
    for side in (-1, 1):
        hu[everywhere & inside(gx, gy_, (90 * side, 0), (82, 82))] = SOFT_HU
        bone = inside(gx, gy_, (90 * side, 0), (16, 16)) & (gz <= 160)
        marrow = inside(gx, gy_, (90 * side, 0), (9, 9)) & (gz <= 160)
        hu[bone & everywhere] = 1300
        hu[marrow & everywhere] = 20
    lesion = inside(gx, gy_, (90, 0), (16, 16)) & (gz >= 20) & (gz <= 60) & (gx > 90)
    hu[lesion] = 30
    hu[rod_distance(gx, gy_, gz, (90, 0, -180), (90, 0, 150)) <= 5.0] = TITANIUM_HU
    hu[rod_distance(gx, gy_, gz, (90, 0, 110), (55, 0, 165)) <= 5.0] = TITANIUM_HU
    ring = [c for side in (-1, 1) for c in ellipse((90 * side, 0), (82, 82), z)]
    names = [
        ("External", "EXTERNAL", tuple(ring), None),
        ("Femur_L", None, ellipse((90, 0), (16, 16), z[z <= 160]), None),
        ("Femur_R", None, ellipse((-90, 0), (16, 16), z[z <= 160]), None),
        ("Genitals", "ORGAN", ellipse((0, -70), (6, 12), z[z >= 150]), None),
    ]
    if cement:
        density = (PhysicalProperty("REL_ELEC_DENSITY", 1.1),)
        names.append(("Cement", None, ellipse((96, 0), (6, 10), z[(z >= 20) & (z <= 60)]), density))
    structures = [
        Structure(n, name, contours, kind, generation="MANUAL", properties=own)
        for n, (name, kind, contours, own) in enumerate(names, 1)
    ]
    axes = (np.arange(-12.0, 183.1, 3), np.arange(-99.0, 99.1, 3), np.arange(-222.0, 222.1, 3))
    dx, dy, dz = mesh(*axes)

    def open_at(u, low, high):
        return 1.0 / (1.0 + np.exp(-(u - low) / 2.0)) / (1.0 + np.exp((u - high) / 2.0))

    gy = 30.0 * open_at(dx, 40.0, 140.0) * open_at(dz, low_mm, 180.0) * (1.0 + 0.00001 * dy**2)
    gy = np.where(gy < 0.3, 0.0, gy)
    plan = {
        "fractions": 10, "prescribed": 30.0, "point": (110.0, 0.0, 40.0), "isocentre": (90.0, 0.0, (low_mm + 180) / 2),
        "label": "femur 30/10",
        "beams": [(n, g, (-50, 50), (-(180 - low_mm) / 2, (180 - low_mm) / 2), 170.0) for n, g in (("AP", 0.0), ("PA", 180.0))],
        "mlc": False,
    }  # fmt: skip
    return Phantom("femur", x, y, z, hu, structures, axes, gy, plan)


def base(made: Phantom, modality: str, uid: str) -> Dataset:
    found = Dataset()
    found.SpecificCharacterSet = "ISO_IR 100"
    found.SOPClassUID = CLASSES[modality]
    found.SOPInstanceUID = uid
    found.Modality = modality
    found.Manufacturer = "Portico phantom"
    found.ManufacturerModelName = "synthetic"
    found.StudyDate = found.StudyTime = found.AccessionNumber = found.ReferringPhysicianName = ""
    found.PatientName = found.PatientBirthDate = found.PatientSex = found.StudyID = ""
    found.PatientID = f"PHANTOM-{made.name.upper()}"
    found.StudyInstanceUID = made.uid("study")
    found.SeriesInstanceUID = made.uid(f"series {modality}")
    found.SeriesNumber = "1"
    found.FrameOfReferenceUID = made.uid("frame")
    return found


def encoded(found: Dataset) -> bytes:
    found.file_meta = FileMetaDataset()
    found.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    found.file_meta.MediaStorageSOPClassUID = found.SOPClassUID
    found.file_meta.MediaStorageSOPInstanceUID = found.SOPInstanceUID
    out = io.BytesIO()
    found.save_as(out, enforce_file_format=True)
    return out.getvalue()


def ct_files(made: Phantom) -> dict[str, bytes]:
    files = {}
    lowest = int(made.hu.min())
    for k, z in enumerate(made.z):
        found = base(made, "CT", made.uid(f"ct {k}"))
        found.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        found.KVP = "120"
        found.SliceThickness = f"{made.z[1] - made.z[0]:g}"
        found.PatientPosition = "HFS"
        found.ImagePositionPatient = [f"{v:g}" for v in (made.x[0], made.y[0], z)]
        found.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
        found.PixelSpacing = [f"{made.y[1] - made.y[0]:g}", f"{made.x[1] - made.x[0]:g}"]
        found.InstanceNumber = str(k + 1)
        found.SamplesPerPixel, found.PhotometricInterpretation = 1, "MONOCHROME2"
        found.Rows, found.Columns = made.hu.shape[1:]
        found.BitsAllocated = found.BitsStored = 16
        found.HighBit, found.PixelRepresentation = 15, 0
        if int(made.hu.max()) == 3071:
            found.BitsStored, found.HighBit = 12, 11
            lowest = -1024
        found.RescaleIntercept, found.RescaleSlope, found.RescaleType = str(lowest), "1", "HU"
        found.PixelData = (made.hu[k] - lowest).astype("<u2").tobytes()
        files[f"ct-{k:03}.dcm"] = encoded(found)
    return files


def image_of(made: Phantom) -> Image:
    """The CT as our own object, with the identifiers of its files."""
    step = np.array([a[1] - a[0] for a in (made.x, made.y, made.z)])
    grid = Grid(np.array([made.x[0], made.y[0], made.z[0]]), step, np.eye(3), made.hu.shape)
    uids = tuple(made.uid(f"ct {k}") for k in range(len(made.z)))
    return Image(grid, made.hu.astype(np.int16), made.uid("frame"), made.uid("series CT"), uids, "HFS")


def structure_file(made: Phantom) -> bytes:
    frame = made.uid("frame")
    whole = StructureSet({one.number: one for one in made.structures}, frame, made.uid("structures"), "phantom")
    identity = Identity(made.uid("study"), f"PHANTOM-{made.name.upper()}")
    return structures_bytes(whole, image=image_of(made), identity=identity)


def dose_file(made: Phantom) -> bytes:
    found = base(made, "RTDOSE", made.uid("dose"))
    x, y, z = made.dose_axes
    found.ImagePositionPatient = [f"{v:g}" for v in (x[0], y[0], z[0])]
    found.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    found.PixelSpacing = [f"{y[1] - y[0]:g}", f"{x[1] - x[0]:g}"]
    found.GridFrameOffsetVector = [f"{v - z[0]:g}" for v in z]
    found.SamplesPerPixel, found.PhotometricInterpretation = 1, "MONOCHROME2"
    found.NumberOfFrames, found.Rows, found.Columns = (str(len(z)), len(y), len(x))
    found.FrameIncrementPointer = 0x3004000C
    found.BitsAllocated = found.BitsStored = 16
    found.HighBit, found.PixelRepresentation = 15, 0
    found.DoseUnits, found.DoseType, found.DoseSummationType = "GY", "PHYSICAL", "PLAN"
    found.TissueHeterogeneityCorrection = "IMAGE"
    found.DoseGridScaling = "0.01"
    found.PixelData = np.rint(np.broadcast_to(made.gy, (len(z), len(y), len(x))) / 0.01).astype("<u2").tobytes()
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = CLASSES["RTPLAN"], made.uid("plan")
    found.ReferencedRTPlanSequence = Sequence([reference])
    return encoded(found)


def plan_file(made: Phantom, *, fractions: int | None = None) -> bytes:
    plan = made.plan
    count = fractions or plan["fractions"]
    found = base(made, "RTPLAN", made.uid("plan"))
    found.RTPlanLabel, found.RTPlanDate, found.RTPlanTime = plan["label"], "", ""
    found.PlanIntent, found.RTPlanGeometry, found.ApprovalStatus = "PALLIATIVE", "PATIENT", "APPROVED"
    structures = Dataset()
    structures.ReferencedSOPClassUID, structures.ReferencedSOPInstanceUID = STRUCTURES, made.uid("structures")
    found.ReferencedStructureSetSequence = Sequence([structures])
    reference = Dataset()
    reference.DoseReferenceNumber, reference.DoseReferenceType = "1", "TARGET"
    reference.TargetPrescriptionDose = f"{plan['prescribed']:g}"
    if "target" in plan:
        reference.DoseReferenceStructureType, reference.ReferencedROINumber = "VOLUME", str(plan["target"])
    else:
        reference.DoseReferenceStructureType = "COORDINATES"
        reference.DoseReferencePointCoordinates = [f"{v:g}" for v in plan["point"]]
    found.DoseReferenceSequence = Sequence([reference])
    group = Dataset()
    group.FractionGroupNumber, group.NumberOfFractionsPlanned = "1", str(count)
    group.NumberOfBeams, group.NumberOfBrachyApplicationSetups = str(len(plan["beams"])), "0"
    group.ReferencedBeamSequence = Sequence()
    found.FractionGroupSequence = Sequence([group])
    setup = Dataset()
    setup.PatientSetupNumber, setup.PatientPosition = "1", "HFS"
    found.PatientSetupSequence = Sequence([setup])
    found.BeamSequence = Sequence()
    for number, (name, gantry, jaw_x, jaw_y, meterset) in enumerate(plan["beams"], 1):
        found.BeamSequence.append(_beam(number, name, gantry, jaw_x, jaw_y, plan))
        given = Dataset()
        given.ReferencedBeamNumber, given.BeamMeterset = str(number), f"{meterset:g}"
        given.BeamDose = f"{plan['prescribed'] / count / len(plan['beams']):.6g}"
        given.BeamDoseSpecificationPoint = [f"{v:g}" for v in plan.get("point", plan["isocentre"])]
        group.ReferencedBeamSequence.append(given)
    return encoded(found)


def _beam(number, name, gantry, jaw_x, jaw_y, plan) -> Dataset:
    beam = Dataset()
    beam.BeamNumber, beam.BeamName, beam.BeamType, beam.RadiationType = str(number), name, "STATIC", "PHOTON"
    beam.TreatmentMachineName, beam.PrimaryDosimeterUnit, beam.SourceAxisDistance = "PHANTOM", "MU", "1000"
    beam.TreatmentDeliveryType, beam.NumberOfWedges, beam.NumberOfCompensators = "TREATMENT", "0", "0"
    beam.NumberOfBoli, beam.NumberOfBlocks, beam.NumberOfControlPoints = "0", "0", "2"
    beam.FinalCumulativeMetersetWeight = "1"
    devices, positions = [], []
    for kind, pair in (("ASYMX", jaw_x), ("ASYMY", jaw_y)):
        device, position = Dataset(), Dataset()
        device.RTBeamLimitingDeviceType, device.NumberOfLeafJawPairs = kind, "1"
        position.RTBeamLimitingDeviceType, position.LeafJawPositions = kind, [f"{v:g}" for v in pair]
        devices.append(device)
        positions.append(position)
    if plan["mlc"]:
        edges = np.concatenate([np.arange(-200, -100, 10), np.arange(-100, 100, 5), np.arange(100, 201, 10)])
        middle = 0.5 * (edges[1:] + edges[:-1])
        half = np.where(np.abs(middle) < 20, 24.0, 0.0)
        device, position = Dataset(), Dataset()
        device.RTBeamLimitingDeviceType, device.NumberOfLeafJawPairs = "MLCX", str(len(middle))
        device.LeafPositionBoundaries = [f"{v:g}" for v in edges]
        position.RTBeamLimitingDeviceType = "MLCX"
        position.LeafJawPositions = [f"{v:g}" for v in np.concatenate([-half, half])]
        devices.append(device)
        positions.append(position)
    beam.BeamLimitingDeviceSequence = Sequence(devices)
    first, last = Dataset(), Dataset()
    first.ControlPointIndex, first.CumulativeMetersetWeight, first.NominalBeamEnergy = "0", "0", "6"
    first.BeamLimitingDevicePositionSequence = Sequence(positions)
    first.GantryAngle, first.GantryRotationDirection = f"{gantry:g}", "NONE"
    first.BeamLimitingDeviceAngle, first.BeamLimitingDeviceRotationDirection = "0", "NONE"
    first.PatientSupportAngle, first.PatientSupportRotationDirection = "0", "NONE"
    first.IsocenterPosition = [f"{v:g}" for v in plan["isocentre"]]
    last.ControlPointIndex, last.CumulativeMetersetWeight = "1", "1"
    beam.ControlPointSequence = Sequence([first, last])
    return beam


def files_of(made: Phantom) -> dict[str, bytes]:
    """All files of a phantom by name."""
    return {
        **ct_files(made),
        "structures.dcm": structure_file(made),
        "dose.dcm": dose_file(made),
        "plan.dcm": plan_file(made),
    }


def put(made: Phantom, folder, **replaced: bytes | None):
    """Write a phantom; a keyword (``plan``, ``dose``, ``structures``) replaces a file, None leaves it out."""
    folder.mkdir(parents=True, exist_ok=True)
    files = files_of(made) | {f"{name}.dcm": data for name, data in replaced.items()}
    for name, data in files.items():
        if data is not None:
            (folder / name).write_bytes(data)
    return folder


def spine_labels(made: Phantom) -> bytes:
    """Label map (NRRD) of the spine phantom: T6 to T10 and cord by TotalSegmentator's numbers, 100 for the canal."""
    gx, gy, gz = mesh(made.x, made.y, made.z)
    labels = np.zeros((len(made.z), len(made.y), len(made.x)), np.uint8)
    for number, level in zip((34, 35, 36, 37, 38), (-52, -26, 0, 26, 52), strict=True):
        slab = np.abs(gz - level) <= 11
        bone = slab & (made.hu >= BONE_HU) & (np.abs(gx) < 17.5)
        labels[bone & (gy < 61)] = number
    labels[(np.abs(gz) <= 80) & inside(gx, gy, (0, 45), (9, 8)) & (labels == 0)] = 100
    labels[(np.abs(gz) <= 80) & inside(gx, gy, (0, 45), (6, 4))] = 79
    step = [float(a[1] - a[0]) for a in (made.x, made.y, made.z)]
    rows = ",".join
    head = [
        "NRRD0004", "type: uint8", "dimension: 3", "space: left-posterior-superior",
        f"sizes: {len(made.x)} {len(made.y)} {len(made.z)}",
        "space directions: " + " ".join(f"({rows(str(step[a]) if a == b else '0' for b in range(3))})" for a in range(3)),
        "kinds: domain domain domain", "encoding: gzip",
        f"space origin: ({rows(str(float(a[0])) for a in (made.x, made.y, made.z))})",
    ]  # fmt: skip
    return "\n".join(head).encode() + b"\n\n" + gzip.compress(labels.tobytes(), 9, mtime=0)
