"""Studies from elsewhere, and the library for elsewhere: archives, DICOMweb, data packages, FHIR."""

from portico.interop.archive import ArchiveSummary, find_studies, run_archive
from portico.interop.data_package import data_package
from portico.interop.dicomweb import DicomWeb, StudyFound, WebLimits
from portico.interop.fhir_apply import apply_plan
from portico.interop.fhir_check import checked_fhir
from portico.interop.fhir_codes import CodeTable, load_codes, site_codes
from portico.interop.fhir_decision import decision_bundle
from portico.interop.fhir_directive import directive_bundle, read_directive_bundle
from portico.interop.fhir_evidence import citation_resource, evidence_bundle, evidence_resource, unresolved
from portico.interop.fhir_import import Imported, import_bundle
from portico.interop.fhir_plan import plan_definition
from portico.interop.fhir_r4 import checked_r4, r4_problems

__all__ = [
    "ArchiveSummary",
    "CodeTable",
    "DicomWeb",
    "Imported",
    "StudyFound",
    "WebLimits",
    "apply_plan",
    "checked_fhir",
    "checked_r4",
    "citation_resource",
    "data_package",
    "decision_bundle",
    "directive_bundle",
    "evidence_bundle",
    "evidence_resource",
    "find_studies",
    "import_bundle",
    "load_codes",
    "plan_definition",
    "r4_problems",
    "read_directive_bundle",
    "run_archive",
    "site_codes",
    "unresolved",
]
