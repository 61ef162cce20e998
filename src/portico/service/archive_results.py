"""What a job made, as DICOM objects of the study it came from: a report as Encapsulated PDF, a draft as RTSTRUCT.

The identifiers of the objects follow from their content, so storing the same result twice stores it once.

Source: DICOM PS3.3 2024d, A.45.1 (Encapsulated PDF), A.19 (RTSTRUCT).
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.engine import Row

from portico import __version__
from portico.errors import UsageError
from portico.interop import StudyFound
from portico.rt.dicom_write import content_uid
from portico.service.jobs import Queue
from portico.service.storage import NotFound

__all__ = ["results_for_archive"]

_PDF_CLASS: Final = "1.2.840.10008.5.1.4.1.1.104.1"
_EXPLICIT: Final = "1.2.840.10008.1.2.1"
_TITLES: Final = {"check.pdf": "Plan check (Portico)", "dvh.pdf": "Histograms (Portico)"}
_DRAFT: Final = "draft.dcm"


def results_for_archive(queue: Queue, job: Row[Any], studies: Sequence[StudyFound]) -> tuple[list[str], list[bytes]]:
    """Names of what can be stored, and the objects.

    Parameters
    ----------
    job : finished
    studies : the study it came from, as the archive lists it

    Raises
    ------
    NotFound : the archive does not list the study any more
    UsageError : ``job-not-done``, ``nothing-to-store``
    """
    if not studies:
        raise NotFound("The archive has no such study.")
    study = studies[0]
    if job.state != "done":
        raise UsageError("The job has no result.", code="job-not-done")
    names, files = [], []
    for one in json.loads(job.result)["files"]:
        name = one["name"]
        if name in _TITLES:
            files.append(_report(queue.file(job.id, name), _TITLES[name], study, job.ended_at))
        elif name == _DRAFT:
            files.append(_draft(queue.file(job.id, name), study))
        else:
            continue
        names.append(name)
    if not files:
        raise UsageError("The job made nothing that an archive takes.", code="nothing-to-store", path="job")
    return names, files


def _report(pdf: bytes, title: str, study: StudyFound, at: str) -> bytes:
    from pydicom.dataset import Dataset

    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID = _PDF_CLASS
    made.SOPInstanceUID = content_uid("report", study.uid, title, pdf)
    made.SeriesInstanceUID = content_uid("report-series", study.uid, title, pdf)
    made.Modality = "DOC"
    made.SeriesNumber = None
    made.InstanceNumber = 1
    made.ConversionType = "WSD"
    made.ContentDate, made.ContentTime = at[:10].replace("-", ""), at[11:19].replace(":", "")
    made.TimezoneOffsetFromUTC = "+0000"
    made.AcquisitionDateTime = ""
    made.BurnedInAnnotation = "YES"
    made.Manufacturer = "Portico"
    made.SoftwareVersions = __version__
    made.DocumentTitle = title
    made.SeriesDescription = title
    made.ConceptNameCodeSequence = []
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    made.EncapsulatedDocumentLength = len(pdf)
    return _file(made, study)


def _draft(data: bytes, study: StudyFound) -> bytes:
    from pydicom import dcmread

    made = dcmread(io.BytesIO(data))
    for frame in made.get("ReferencedFrameOfReferenceSequence", ()):
        for one in frame.get("RTReferencedStudySequence", ()):
            one.ReferencedSOPInstanceUID = study.uid
    made.SOPInstanceUID = content_uid("draft", study.uid, data)
    made.SeriesInstanceUID = content_uid("draft-series", study.uid, data)
    made.ApprovalStatus = "UNAPPROVED"
    return _file(made, study)


def _file(made: Any, study: StudyFound) -> bytes:
    from pydicom.dataset import FileMetaDataset

    made.StudyInstanceUID = study.uid
    made.PatientName, made.PatientID = study.patient_name, study.patient_id
    made.PatientBirthDate, made.PatientSex = study.birth_date, study.sex
    made.StudyDate, made.StudyTime = study.date, ""
    made.AccessionNumber, made.StudyID, made.ReferringPhysicianName = study.accession, study.study_id, ""
    made.file_meta = FileMetaDataset()
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.file_meta.TransferSyntaxUID = _EXPLICIT
    made.file_meta.ImplementationClassUID = content_uid("portico", "implementation")
    out = io.BytesIO()
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()
