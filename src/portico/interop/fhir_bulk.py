"""FHIR in bulk (NDJSON, one resource a line) as a registry file that an audit reads.

A bulk export has a file for each type, so one patient's resources lie far apart. They are sorted into buckets by a hash of the
patient first, on disk, and then one patient at a time is read: memory does not grow with the export. Keys in the registry are drawn
for this run alone; no id, name or date of the export reaches it.

Source: HL7 FHIR Bulk Data Access 2.0.0; HL7 mCODE 4.0.0; HL7 CodeX Radiation Therapy 2.0.0.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
import os
import secrets
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from portico.cohort.dictionary import KEYS, registry_columns
from portico.errors import InputRefused, PorticoError, ReadingRefused
from portico.interop.fhir_bulk_rows import patient_rows
from portico.interop.fhir_codes import CodeTable, load_codes
from portico.reading import Limits

__all__ = ["FhirBulk", "fhir_bulk"]

#: Bounds of one line.
LINE_LIMITS: Final = Limits(max_bytes=1024 * 1024, max_depth=40)
#: Bytes of a patient's resources above which the patient is refused.
_PATIENT_BYTES: Final = 8 * 1024 * 1024
_BUCKET_BYTES: Final = 32 * 1024 * 1024
_MOST_BUCKETS: Final = 400


@dataclass(slots=True)
class FhirBulk:
    """What became of an export.

    Parameters
    ----------
    lines : resources read; the sum of those sorted to a patient, refused, and of no patient
    sorted_in, of_no_patient : resources of a patient, and those that name none (organisations, code systems)
    lines_refused : by code
    patients : different ones; the sum of used and refused
    patients_used, patients_refused : with rows or without a course to show, and by code
    without_row : patients of whom nothing was an operation with what followed
    rows : written
    courses_left_out : by reason, of patients that are used
    """

    lines: int = 0
    sorted_in: int = 0
    of_no_patient: int = 0
    lines_refused: Counter[str] = field(default_factory=Counter)
    patients: int = 0
    patients_used: int = 0
    patients_refused: Counter[str] = field(default_factory=Counter)
    without_row: int = 0
    rows: int = 0
    courses_left_out: Counter[str] = field(default_factory=Counter)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {key: dict(value) if isinstance(value, Counter) else value for key, value in asdict(self).items()}


def fhir_bulk(source: Path, out: Path, *, refused: Path | None = None, codes: CodeTable | None = None) -> FhirBulk:
    """Write the registry.

    Parameters
    ----------
    source : a folder with ``*.ndjson``, or one such file
    out : CSV to write, whole or not at all
    refused : where to write what was refused, as CSV: file, line, code; nothing of the resource itself
    codes : the table of codes; the shipped one when None

    Raises
    ------
    InputRefused : ``file-missing``, ``no-ndjson``
    """
    files = [source] if source.is_file() else sorted(source.glob("*.ndjson")) if source.is_dir() else []
    if not source.exists():
        raise InputRefused("There is no such file or folder.", code="file-missing", file=source.name)
    if not files:
        raise InputRefused("The folder holds no file that ends in .ndjson.", code="no-ndjson", file=source.name)
    run = _Run(files, codes or load_codes())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent)))
        with (folder / "refused.csv").open("w", encoding="utf-8", newline="") as log:
            run.log = csv.writer(log, lineterminator="\n")
            run.log.writerow(("file", "line", "code"))
            buckets = run.sort(folder)
            with (folder / "registry.csv").open("w", encoding="utf-8", newline="") as stream:
                run.write(buckets, csv.writer(stream, lineterminator="\n"))
                stream.flush()
                os.fsync(stream.fileno())
        if refused is not None:
            (folder / "refused.csv").replace(refused)
        (folder / "registry.csv").replace(out)
    return run.found


class _Run:
    """One reading of an export."""

    def __init__(self, files: Sequence[Path], codes: CodeTable) -> None:
        self.files, self.codes, self.found = files, codes, FhirBulk()
        self.secret = secrets.token_bytes(32)
        self.log: Any = None

    def sort(self, folder: Path) -> list[Path]:
        """Every resource into the bucket of its patient, on disk."""
        total = sum(one.stat().st_size for one in self.files)
        buckets = [folder / f"{n}.part" for n in range(max(1, min(_MOST_BUCKETS, total // _BUCKET_BYTES)))]
        with ExitStack() as stack:
            streams = [stack.enter_context(one.open("wb")) for one in buckets]
            for place, file in enumerate(self.files):
                for number, line in enumerate(_lines(file), 1):
                    if not line.strip():
                        continue
                    self.found.lines += 1
                    try:
                        patient = _patient_of(line)
                    except ReadingRefused as error:
                        self.found.lines_refused[error.code] += 1
                        self.log.writerow((file.name, number, error.code))
                        continue
                    if patient is None:
                        self.found.of_no_patient += 1
                        continue
                    self.found.sorted_in += 1
                    key = hmac.new(self.secret, patient.encode(), hashlib.sha256).hexdigest()[:20]
                    streams[int(key[:8], 16) % len(buckets)].write(
                        f"{key}\t{place}\t{number}\t".encode() + line.rstrip(b"\r\n") + b"\n"
                    )
        return buckets

    def write(self, buckets: Sequence[Path], writer: Any) -> None:
        """The rows of every patient, bucket by bucket."""
        names = [column.name for column in registry_columns()]
        writer.writerow((*KEYS, *names))
        assert tuple(KEYS) == ("course_key", "patient_key", "centre")
        for bucket in buckets:
            for key, lines in _by_patient(bucket).items():
                self.found.patients += 1
                for number, row in enumerate(self._rows(lines), 1):
                    self.found.rows += 1
                    writer.writerow((f"p{key}-{number}", f"p{key}", "", *(_cell(row.get(name)) for name in names)))
            bucket.unlink()

    def _rows(self, lines: Sequence[tuple[int, int, bytes]]) -> list[dict[str, Any]]:
        try:
            if sum(len(line) for _, _, line in lines) > _PATIENT_BYTES:
                raise ReadingRefused("The resources of one patient are too many.", code="patient-too-large")
            resources = [_resource(line) for _, _, line in lines]
            if sum(one.get("resourceType") == "Patient" for one in resources) != 1:
                raise ReadingRefused("A patient is missing, or stands there twice.", code="not-one-patient")
            made = patient_rows(resources, self.codes)
        except PorticoError as error:
            self.found.patients_refused[error.code] += 1
            self.log.writerow((self.files[lines[0][0]].name, lines[0][1], error.code))
            return []
        self.found.patients_used += 1
        self.found.courses_left_out.update(made.left_out)
        self.found.without_row += not made.rows
        return made.rows


def _lines(file: Path) -> Iterator[bytes]:
    """Lines, none longer than the bound and a byte; the rest of a longer one is passed over."""
    with file.open("rb") as stream:
        while line := stream.readline(LINE_LIMITS.max_bytes + 1):
            whole = line
            while not line.endswith(b"\n") and (line := stream.readline(LINE_LIMITS.max_bytes)):
                pass
            yield whole


def _resource(line: bytes) -> dict[str, Any]:
    """The resource on a line, held within the bounds of one.

    The guarded reader of the house gives places in the text, which nobody asks for here; lines come in millions.

    Raises
    ------
    ReadingRefused : ``too-large``, ``bad-json``, ``duplicate-key``, ``too-deep``, ``not-a-resource``
    """
    if len(line) > LINE_LIMITS.max_bytes:
        raise ReadingRefused("The line is too long.", code="too-large")
    try:
        value = json.loads(line.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        raise ReadingRefused("The resource is nested too deeply.", code="too-deep") from None
    except ValueError:
        raise ReadingRefused("The line holds no JSON.", code="bad-json") from None
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        raise ReadingRefused("The line holds no resource.", code="not-a-resource")
    level: list[Any] = [value]
    for _ in range(LINE_LIMITS.max_depth):
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return value
    raise ReadingRefused("The resource is nested too deeply.", code="too-deep")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ReadingRefused("A key stands there twice.", code="duplicate-key")
    return found


def _no_number(word: str) -> None:
    raise ReadingRefused("NaN and infinity are no numbers.", code="bad-json")


def _patient_of(line: bytes) -> str | None:
    """``Patient/ID`` of the resource on a line; None when it names no patient; raises as :func:`_resource`."""
    value = _resource(line)
    if value["resourceType"] == "Patient":
        own = value.get("id")
        if not isinstance(own, str) or not own:
            raise ReadingRefused("A patient without an id.", code="not-a-resource")
        return f"Patient/{own}"
    for key in ("subject", "patient"):
        named = value.get(key)
        reference = named.get("reference") if isinstance(named, dict) else None
        if isinstance(reference, str) and reference:
            return "/".join(reference.split("/_history/")[0].split("/")[-2:])
    return None


def _by_patient(bucket: Path) -> dict[str, list[tuple[int, int, bytes]]]:
    """Lines of a bucket by patient, in the order of the export."""
    found: dict[str, list[tuple[int, int, bytes]]] = {}
    with bucket.open("rb") as stream:
        for line in stream:
            key, place, number, resource = line.rstrip(b"\n").split(b"\t", 3)
            found.setdefault(key.decode(), []).append((int(place), int(number), resource))
    return found


def _cell(value: Any) -> str:
    """A value as the registry file takes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.10g}" if isinstance(value, float) else str(value)
