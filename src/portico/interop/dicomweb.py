"""A client of DICOMweb: lists a study, fetches what is read here, stores files. Bounded, on one host, with typed errors.

Messages name neither addresses nor identifiers. Redirects are not followed, and only http and https are spoken.

Source: DICOM PS3.18 2024d, 10.4 (retrieve), 10.5 (store), 10.6 (search).
"""

from __future__ import annotations

import hashlib
import http.client
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from portico.errors import InputRefused, UsageError

__all__ = ["DicomWeb", "StudyFound", "WebLimits"]

_UID: Final = re.compile(r"[0-9]+(\.[0-9]+)*")
_PATIENT: Final = re.compile(r"[^\x00-\x1f\x7f*?\\]{1,64}")
_MODALITIES: Final = ("CT", "RTSTRUCT", "RTDOSE", "RTPLAN", "REG")
_JSON: Final = "application/dicom+json"
_DICOM: Final = 'multipart/related; type="application/dicom"'


@dataclass(frozen=True, slots=True)
class WebLimits:
    """How much a server may send.

    Parameters
    ----------
    seconds : time of one answer's silence
    max_answer_bytes : size of one answer
    max_total_bytes : size of all answers of a study
    max_objects : objects of a study
    """

    seconds: float = 30.0
    max_answer_bytes: int = 512 * 1024 * 1024
    max_total_bytes: int = 4 * 1024 * 1024 * 1024
    max_objects: int = 20_000


@dataclass(frozen=True, slots=True)
class StudyFound:
    """A study as a server lists it; empty where it tells nothing.

    Parameters
    ----------
    uid : Study Instance UID
    date, description, accession, study_id : of the study, as DICOM holds them
    modalities : kinds of object in it
    patient_id, patient_name, birth_date, sex : whose it is, as DICOM holds it; never shown in a message
    """

    uid: str
    date: str
    description: str
    accession: str
    study_id: str
    modalities: tuple[str, ...]
    patient_id: str = field(repr=False)
    patient_name: str = field(repr=False)
    birth_date: str = field(repr=False)
    sex: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DicomWeb:
    """A server.

    >>> DicomWeb("http://127.0.0.1:8042/dicom-web").base_path
    '/dicom-web'

    Parameters
    ----------
    url : address of the DICOMweb root, http or https, without user, password, query or fragment
    limits : bounds
    headers : further headers of every request, such as an authorisation

    Raises
    ------
    UsageError : ``bad-url``
    """

    url: str
    limits: WebLimits = WebLimits()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        odd = parts.username or parts.password or parts.query or parts.fragment or not parts.hostname
        if parts.scheme not in ("http", "https") or odd or port == 0 or not self.url.isprintable() or " " in self.url:
            raise UsageError(
                "This is no address of a DICOMweb server.", code="bad-url",
                fix="Give http or https with host and path, without user, password or query.",
            )  # fmt: skip

    @property
    def base_path(self) -> str:
        """Path of the root, without a slash at its end."""
        return urlsplit(self.url).path.rstrip("/")

    def studies(
        self, *, patient_id: str | None = None, study_uid: str | None = None, limit: int = 50
    ) -> tuple[StudyFound, ...]:
        """Studies of a patient, or one study.

        Parameters
        ----------
        patient_id : exactly as the server holds it; a pattern is refused, since it would list other patients
        study_uid : Study Instance UID; one of the two is given
        limit : how many at most

        Raises
        ------
        UsageError : ``bad-uid``, ``bad-patient``, ``no-source``
        InputRefused : ``unreachable``, ``http-status``, ``not-dicomweb``, ``too-large``
        """
        if (patient_id is None) == (study_uid is None):
            raise UsageError("Ask for a patient or for a study.", code="no-source")
        asked = {"includefield": "00081030,00080061,00080050,00200010,00100030,00100040", "limit": str(limit)}
        if study_uid is not None:
            asked["StudyInstanceUID"] = _uid(study_uid)
        else:
            assert patient_id is not None
            if not _PATIENT.fullmatch(patient_id):
                raise UsageError("This is no identifier of one patient.", code="bad-patient")
            asked["PatientID"] = patient_id
        found = []
        for one in self._search(f"/studies?{urlencode(asked, safe=',')}")[:limit]:
            uid, patient = _value(one, "0020000D"), _value(one, "00100020") or ""
            if uid is None or len(uid) > 64 or not _UID.fullmatch(uid):
                raise _refused("not-dicomweb", "The answer lists a study without an identifier.")
            if (study_uid or uid) != uid or (patient_id is not None and patient != patient_id):
                continue  # a server that ignores what it was asked for
            found.append(
                StudyFound(
                    uid=uid,
                    date=_value(one, "00080020") or "",
                    description=_value(one, "00081030") or "",
                    accession=_value(one, "00080050") or "",
                    study_id=_value(one, "00200010") or "",
                    modalities=_values(one, "00080061"),
                    patient_id=patient,
                    patient_name=_name(one),
                    birth_date=_value(one, "00100030") or "",
                    sex=_value(one, "00100040") or "",
                )
            )
        return tuple(found)

    def objects(self, study_uid: str) -> Iterator[tuple[str, bytes]]:
        """Place and bytes of each CT, RTSTRUCT, RTDOSE, RTPLAN and registration of a study, series by series.

        Parameters
        ----------
        study_uid : Study Instance UID

        Raises
        ------
        UsageError : ``bad-uid``
        InputRefused : ``unreachable``, ``http-status``, ``not-dicomweb``, ``too-large``, ``no-such-study``
        """
        study = _uid(study_uid)
        series = self._search(f"/studies/{study}/series")
        if not series:
            raise _refused("no-such-study", "The server has no such study.")
        wanted = [uid for one in series if _value(one, "00080060") in _MODALITIES and (uid := _value(one, "0020000E"))]
        count = total = 0
        for uid in sorted(wanted):
            for data in self._retrieve(f"/studies/{study}/series/{_uid(uid)}"):
                count, total = count + 1, total + len(data)
                if count > self.limits.max_objects or total > self.limits.max_total_bytes:
                    raise _refused("too-large", "The study is larger than what is read.")
                yield f"object {count}", data

    def store(self, files: Sequence[bytes]) -> None:
        """Store files; every one must be taken.

        Raises
        ------
        InputRefused : ``unreachable``, ``http-status`` (also when the server takes only some of them)
        """
        boundary = hashlib.sha256(b"".join(hashlib.sha256(data).digest() for data in files)).hexdigest()
        parts = [b"--%b\r\nContent-Type: application/dicom\r\n\r\n%b\r\n" % (boundary.encode(), data) for data in files]
        body = b"".join(parts) + b"--%b--\r\n" % boundary.encode()
        kind = f"{_DICOM}; boundary={boundary}"
        status, _, _ = self._request("POST", "/studies", {"Content-Type": kind, "Accept": _JSON}, body)
        if status != 200:
            raise _refused("http-status", f"The server did not take every file: it answered {status}.")

    def _search(self, path: str) -> list[dict[str, Any]]:
        status, _, body = self._request("GET", path, {"Accept": _JSON})
        if status in (204, 404):
            return []
        if status != 200:
            raise _refused("http-status", f"The server answered {status}.")
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise _refused("not-dicomweb", "The answer is not a list in DICOM JSON.")
        return found

    def _retrieve(self, path: str) -> list[bytes]:
        status, headers, body = self._request("GET", path, {"Accept": f"{_DICOM}; transfer-syntax=*"})
        if status != 200:
            raise _refused("http-status", f"The server answered {status}.")
        return _parts(headers.get("Content-Type", ""), body)

    def _request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> tuple[int, Message, bytes]:
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=self.limits.seconds)
        try:
            connection.request(method, self.base_path + path, body, {**self.headers, **headers})
            with connection.getresponse() as answer:
                data = answer.read(self.limits.max_answer_bytes + 1)
                short = answer.length not in (None, 0) and len(data) <= self.limits.max_answer_bytes
        except (OSError, http.client.HTTPException, ValueError):
            raise _refused("unreachable", "The server cannot be reached, or breaks off.") from None
        finally:
            connection.close()
        if len(data) > self.limits.max_answer_bytes:
            raise _refused("too-large", "An answer is larger than what is read.")
        if short:
            raise _refused("unreachable", "The server cannot be reached, or breaks off.")
        return answer.status, answer.headers, data


def _parts(content_type: str, body: bytes) -> list[bytes]:
    """Parts of a multipart answer.

    Raises
    ------
    InputRefused : ``not-dicomweb``
    """
    found = Message()
    found["Content-Type"] = content_type
    boundary = found.get_param("boundary")
    if (
        found.get_content_type() != "multipart/related"
        or not isinstance(boundary, str)
        or not 1 <= len(boundary) <= 200
    ):
        raise _refused("not-dicomweb", "The answer is not multipart.")
    mark = b"--" + boundary.encode("latin-1", "replace")
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise _refused("not-dicomweb", "The answer breaks off before its last part.")
    made = []
    for piece in pieces[1:-1]:
        head, sign, data = piece.partition(b"\r\n\r\n")
        if not sign or len(head) > 10_000:
            raise _refused("not-dicomweb", "A part of the answer is damaged.")
        made.append(data)
    return made


def _value(one: Mapping[str, Any], tag: str) -> str | None:
    found = one.get(tag)
    values = found.get("Value") if isinstance(found, dict) else None
    return values[0] if isinstance(values, list) and values and isinstance(values[0], str) else None


def _values(one: Mapping[str, Any], tag: str) -> tuple[str, ...]:
    found = one.get(tag)
    values = found.get("Value") if isinstance(found, dict) else None
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def _name(one: Mapping[str, Any]) -> str:
    """Name of the patient: the groups of characters that there are, joined as in a file (PS3.18 F.2.2, PS3.5 6.2.1)."""
    found = one.get("00100010")
    values = found.get("Value") if isinstance(found, dict) else None
    first = values[0] if isinstance(values, list) and values else None
    if not isinstance(first, dict):
        return ""
    groups = [first.get(key) for key in ("Alphabetic", "Ideographic", "Phonetic")]
    return "=".join(group if isinstance(group, str) else "" for group in groups).rstrip("=")


def _uid(text: str) -> str:
    if len(text) > 64 or not _UID.fullmatch(text):
        raise UsageError("This is no unique identifier of DICOM.", code="bad-uid")
    return text


def _refused(code: str, message: str) -> InputRefused:
    return InputRefused(message, code=code, fix="Look at the address, the study and the server.")
