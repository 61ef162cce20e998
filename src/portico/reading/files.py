"""Files in, files out: bounded reads of regular files, and writes that are whole or not there."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path
from typing import Final

from portico.errors import ReadingRefused
from portico.reading.document import Document
from portico.reading.json_text import parse_json
from portico.reading.limits import DEFAULT, Limits
from portico.reading.suggest import did_you_mean
from portico.reading.text import too_large
from portico.reading.yaml_text import parse_yaml

__all__ = ["read_bytes", "read_document", "write_atomic"]

_CHUNK: Final = 1024 * 1024
_PARSERS: Final = {".yaml": parse_yaml, ".yml": parse_yaml, ".json": parse_json}


def read_bytes(path: str | os.PathLike[str], *, max_bytes: int = DEFAULT.max_bytes) -> bytes:
    """Read a regular file of bounded size.

    Parameters
    ----------
    path : file; a symbolic link to a regular file is followed
    max_bytes : largest size in bytes, checked before reading and again while reading

    Raises
    ------
    ReadingRefused : ``no-such-file``, ``not-a-file`` (directory, pipe, device), ``unreadable``, ``too-large``
    """
    name = os.fspath(path)
    try:
        # Without O_NONBLOCK the opening of a named pipe would wait for a writer.
        descriptor = os.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise _unreadable(error, name) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ReadingRefused("This is not a file.", code="not-a-file", file=name)
        if status.st_size > max_bytes:
            raise too_large(name, max_bytes)
        parts: list[bytes] = []
        left = max_bytes + 1
        while left > 0 and (part := os.read(descriptor, min(_CHUNK, left))):
            parts.append(part)
            left -= len(part)
        if left <= 0:
            raise too_large(name, max_bytes)
        return b"".join(parts)
    except OSError as error:
        raise _unreadable(error, name) from None
    finally:
        os.close(descriptor)


def _unreadable(error: OSError | ValueError, name: str) -> ReadingRefused:
    if isinstance(error, FileNotFoundError):
        return ReadingRefused("There is no such file.", code="no-such-file", file=name)
    if isinstance(error, IsADirectoryError):
        return ReadingRefused("This is not a file.", code="not-a-file", file=name)
    reason = (error.strerror or "the system refuses") if isinstance(error, OSError) else "the name is not a file name"
    shown = name if name.isprintable() else "<unprintable name>"
    return ReadingRefused(f"The file cannot be read: {reason}.", code="unreadable", file=shown)


def read_document(path: str | os.PathLike[str], *, limits: Limits = DEFAULT) -> Document:
    """Read a YAML or JSON file, by its suffix.

    Parameters
    ----------
    path : file ending in ``.yaml``, ``.yml`` or ``.json``
    limits : bounds; see :class:`portico.reading.Limits`

    Raises
    ------
    ReadingRefused
        ``unknown-suffix``; the codes of :func:`read_bytes`, :func:`parse_yaml` and :func:`parse_json`
    """
    name = os.fspath(path)
    suffix = Path(name).suffix.lower()
    parse = _PARSERS.get(suffix)
    if parse is None:
        near = did_you_mean(suffix, _PARSERS)
        raise ReadingRefused(
            "The file name does not end in .yaml, .yml or .json.",
            code="unknown-suffix",
            file=name,
            fix=f"Did you mean {near}?" if near else "Rename the file or give another.",
        )
    return parse(read_bytes(path, max_bytes=limits.max_bytes), name=name, limits=limits)


def write_atomic(path: str | os.PathLike[str], data: bytes | str) -> None:
    """Write a whole file or nothing.

    The bytes go to a new file in the same directory, reach the disk, and take the name in one step. A
    symbolic link at that name is replaced, not followed. A file that exists keeps its permission bits.

    Parameters
    ----------
    path : file to write; its directory must exist
    data : bytes, or text that is written as UTF-8 with the line ends it has

    Raises
    ------
    ReadingRefused : ``cannot-write``; nothing is left behind and an existing file is untouched
    """
    target = Path(path)
    content = data.encode("utf-8") if isinstance(data, str) else data
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}.part") if target.name else target
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    except (OSError, ValueError) as error:
        raise _not_written(error, target) from None
    try:
        with os.fdopen(descriptor, "wb") as stream:
            with contextlib.suppress(OSError):
                status = target.lstat()
                if stat.S_ISREG(status.st_mode):
                    temporary.chmod(stat.S_IMODE(status.st_mode))
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            raise _not_written(error, target) from None
        raise
    _sync_directory(target.parent)


def _not_written(error: OSError | ValueError, target: Path) -> ReadingRefused:
    reason = (error.strerror or "the system refuses") if isinstance(error, OSError) else "the name is not a file name"
    return ReadingRefused(
        f"The file cannot be written: {reason}.",
        code="cannot-write",
        file=str(target),
        fix="Check that the directory exists, is writable and has room.",
    )


def _sync_directory(directory: Path) -> None:
    """Make the new name durable; some file systems cannot, which loses nothing of the content."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
