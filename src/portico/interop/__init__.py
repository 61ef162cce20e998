"""Studies from elsewhere, and the library for elsewhere: archives, DICOMweb, data packages, FHIR."""

from portico.interop.archive import ArchiveSummary, find_studies, run_archive
from portico.interop.data_package import data_package
from portico.interop.dicomweb import DicomWeb, StudyFound, WebLimits
from portico.interop.fhir_check import checked_fhir
from portico.interop.fhir_evidence import citation_resource, evidence_bundle, evidence_resource, unresolved
from portico.interop.fhir_plan import plan_definition

__all__ = [
    "ArchiveSummary",
    "DicomWeb",
    "StudyFound",
    "WebLimits",
    "checked_fhir",
    "citation_resource",
    "data_package",
    "evidence_bundle",
    "evidence_resource",
    "find_studies",
    "plan_definition",
    "run_archive",
    "unresolved",
]
