"""Studies from elsewhere: archives in a folder, and servers that speak DICOMweb."""

from portico.interop.archive import ArchiveSummary, find_studies, run_archive
from portico.interop.dicomweb import DicomWeb, WebLimits

__all__ = ["ArchiveSummary", "DicomWeb", "WebLimits", "find_studies", "run_archive"]
