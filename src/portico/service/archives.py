"""Archives that the service may talk to: those of its settings by name, and no other address whatever is sent.

A study is searched and checked there, and what a job made goes back into it: the report as Encapsulated PDF, a draft of
volumes as RTSTRUCT. Redirects are not followed (see :mod:`portico.interop.dicomweb`), so no other host is ever reached.
"""

from __future__ import annotations

from collections.abc import Mapping

from portico.interop import DicomWeb, WebLimits
from portico.service.storage import NotFound

__all__ = ["Archives"]


class Archives:
    """The archives of a service.

    Parameters
    ----------
    urls : DICOMweb roots by name

    Raises
    ------
    UsageError : ``bad-url``
    """

    def __init__(self, urls: Mapping[str, str], limits: WebLimits | None = None) -> None:
        self._webs = {name: DicomWeb(url, limits or WebLimits()) for name, url in urls.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """Names, sorted."""
        return tuple(sorted(self._webs))

    def web(self, name: str) -> DicomWeb:
        """An archive by its name.

        Raises
        ------
        NotFound : the settings name no such archive
        """
        if name not in self._webs:
            raise NotFound("The service knows no such archive.", path="archive")
        return self._webs[name]

    def url(self, name: str) -> str:
        """Address of an archive; see :meth:`web`."""
        return self.web(name).url
