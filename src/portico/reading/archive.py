"""Zip archives from strangers: every entry is checked before any is unpacked, and again while it is."""

from __future__ import annotations

import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final

from portico.errors import ReadingRefused
from portico.reading.limits import DEFAULT_ARCHIVE, ArchiveLimits

__all__ = ["Archive", "open_archive"]

_CHUNK: Final = 256 * 1024
_LONGEST_NAME: Final = 1024
#: Length of the end record without its comment, and of the longest comment (APPNOTE 4.3.16).
_END_RECORD: Final = 22
_LONGEST_COMMENT: Final = 65_535
#: Length of a local header without its name and extra field (APPNOTE 4.3.7).
_LOCAL_HEADER: Final = 30
_ENCRYPTED_FLAGS: Final = 0x1 | 0x40 | 0x2000
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
    struct.error,
    OverflowError,
)


class Archive:
    """An open archive whose table of contents has passed its checks; close it, or use it in ``with``."""

    def __init__(self, stream: BinaryIO, name: str, limits: ArchiveLimits) -> None:
        self._stream = stream
        self._name = name
        self._limits = limits
        self._read_total = 0
        _check_end_record(stream, name, limits)
        try:
            self._zip = zipfile.ZipFile(stream)
        except _DAMAGE as error:
            raise _damaged(name, error) from None
        self._members = _checked_members(self._zip, name, limits)

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        self._zip.close()
        self._stream.close()

    def names(self) -> tuple[str, ...]:
        """Names of the members in the order of the archive; directories left out."""
        return tuple(name for name in self._members if not name.endswith("/"))

    def read(self, name: str) -> bytes:
        """Unpack one member; an archive inside the archive comes back as its bytes and is not opened.

        Raises
        ------
        ReadingRefused
            ``no-such-member``; ``archive-bomb`` or ``too-large`` when more comes out than the limits allow;
            ``archive-damaged`` when the bytes do not match their declared size or checksum
        """
        info = self._members.get(name)
        if info is None or name.endswith("/"):
            raise ReadingRefused("The archive has no such member.", code="no-such-member", file=self._name)
        most = min(info.file_size, info.compress_size * self._limits.max_ratio)
        parts: list[bytes] = []
        size = 0
        try:
            with self._zip.open(info) as member:
                while part := member.read(_CHUNK):
                    size += len(part)
                    self._read_total += len(part)
                    if size > most:
                        raise _bomb(self._name)
                    if self._read_total > self._limits.max_total_bytes:
                        raise _too_large(self._name, self._limits.max_total_bytes)
                    parts.append(part)
        except _DAMAGE as error:
            raise _damaged(self._name, error) from None
        if size != info.file_size:
            raise _damaged(self._name, None)
        return b"".join(parts)


def open_archive(path: str | os.PathLike[str], limits: ArchiveLimits = DEFAULT_ARCHIVE) -> Archive:
    """Open a zip archive after checking all that it declares.

    Parameters
    ----------
    path : archive file
    limits : bounds; the total is what all reads of one :class:`Archive` may unpack together

    Raises
    ------
    ReadingRefused
        ``no-such-file``, ``not-a-file``, ``unreadable``, ``archive-damaged``, ``too-large``,
        ``too-many-members``, ``archive-bomb``, ``unsafe-name``, ``duplicate-name``, ``link-refused``,
        ``encrypted``, ``method-refused``, ``zip64-refused``

    Source: PKWARE APPNOTE 6.3.10.
    """
    name = os.fspath(path)
    try:
        status = Path(path).stat()
        if not stat.S_ISREG(status.st_mode):
            raise ReadingRefused("This is not a file.", code="not-a-file", file=name)
        if status.st_size > limits.max_bytes:
            raise _too_large(name, limits.max_bytes)
        stream = Path(path).open("rb")  # noqa: SIM115 - the archive closes it
    except FileNotFoundError:
        raise ReadingRefused("There is no such file.", code="no-such-file", file=name) from None
    except (OSError, ValueError):
        raise ReadingRefused("The file cannot be read.", code="unreadable", file=name) from None
    try:
        return Archive(stream, name, limits)
    except BaseException:
        stream.close()
        raise


def _check_end_record(stream: BinaryIO, name: str, limits: ArchiveLimits) -> None:
    """Refuse a table of contents that is too long before anything reads it."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _END_RECORD - _LONGEST_COMMENT - 20))
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _END_RECORD > len(tail):
        raise _damaged(name, None)
    if b"PK\x06\x07" in tail[max(0, at - 20) : at]:
        raise ReadingRefused("Archives in the zip64 form are not accepted.", code="zip64-refused", file=name)
    count: int
    directory_bytes: int
    count, directory_bytes = struct.unpack("<HL", tail[at + 10 : at + 16])
    if count > limits.max_members:
        raise _too_many(name, limits)
    if directory_bytes > limits.max_directory_bytes:
        raise _too_large(name, limits.max_directory_bytes)
    stream.seek(0)


def _checked_members(archive: zipfile.ZipFile, name: str, limits: ArchiveLimits) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > limits.max_members:
        raise _too_many(name, limits)
    members: dict[str, zipfile.ZipInfo] = {}
    folded: set[str] = set()
    total = 0
    for info in infos:
        _check_entry(info, name, limits)
        total += info.file_size
        if total > limits.max_total_bytes:
            raise _too_large(name, limits.max_total_bytes)
        plain = _folded(info.filename)
        if plain in folded:
            raise ReadingRefused("Two members of the archive have the same name.", code="duplicate-name", file=name)
        folded.add(plain)
        members[info.filename] = info
    plain_files = {_folded(member) for member in members if not member.endswith("/")}
    for member in members:
        parents = accumulate(_folded(member).split("/")[:-1], "{}/{}".format)
        if any(parent in plain_files for parent in parents):
            raise ReadingRefused("A member is a file and a directory at once.", code="duplicate-name", file=name)
    _check_overlap(archive, infos, name)
    return members


def _folded(member: str) -> str:
    """The name as a file system that ignores case and composition would see it."""
    return unicodedata.normalize("NFC", member).casefold().rstrip("/")


def _check_entry(info: zipfile.ZipInfo, name: str, limits: ArchiveLimits) -> None:
    raw = info.orig_filename
    parts = raw.rstrip("/").split("/")
    if (
        not raw.isprintable()
        or len(raw) > _LONGEST_NAME
        or "\\" in raw
        or re.match(r"[A-Za-z]:", raw)
        or any(part in ("", ".", "..") for part in parts)
    ):
        raise ReadingRefused(
            "A member of the archive has a name that could leave its directory or cannot be shown.",
            code="unsafe-name",
            file=name,
        )
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ReadingRefused("A member of the archive is a link or a device.", code="link-refused", file=name)
    if info.flag_bits & _ENCRYPTED_FLAGS:
        raise ReadingRefused("The archive is encrypted.", code="encrypted", file=name, fix="Unlock it first.")
    if info.compress_type not in _METHODS:
        raise ReadingRefused(
            "A member is packed by a method other than store and deflate.", code="method-refused", file=name
        )
    if info.file_size > info.compress_size * limits.max_ratio or (info.is_dir() and info.file_size):
        raise _bomb(name)


def _check_overlap(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo], name: str) -> None:
    """Refuse entries that share bytes: one packed block would be unpacked many times."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    starts = [info.header_offset for info in ordered[1:]]
    directory: Any = archive.start_dir
    for info, following in zip(ordered, [*starts, int(directory)], strict=True):
        if info.header_offset < 0 or info.header_offset + _LOCAL_HEADER + info.compress_size > following:
            raise _damaged(name, None)


def _bomb(name: str) -> ReadingRefused:
    return ReadingRefused("A member unpacks to far more than it should.", code="archive-bomb", file=name)


def _damaged(name: str, error: BaseException | None) -> ReadingRefused:
    detail = f" ({type(error).__name__})" if error else ""
    return ReadingRefused(f"The archive is damaged or is not a zip archive{detail}.", code="archive-damaged", file=name)


def _too_large(name: str, limit: int) -> ReadingRefused:
    return ReadingRefused(f"The archive or its content is larger than {limit:,} bytes.", code="too-large", file=name)


def _too_many(name: str, limits: ArchiveLimits) -> ReadingRefused:
    return ReadingRefused(
        f"The archive has more than {limits.max_members:,} members.", code="too-many-members", file=name
    )
