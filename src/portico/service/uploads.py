"""Files that were sent for a job and wait for it: bounded, known by a random name and by who sent them, gone after a day."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from portico.errors import ReadingRefused
from portico.service.storage import NotFound

__all__ = ["Uploads"]

_NAME: Final = re.compile(r"[0-9a-f]{16}")
_HOURS: Final = 24.0
#: Uploads of one person that may wait at once.
_MOST: Final = 50


class Uploads:
    """The folder of uploads of one service."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "uploads"

    async def take(self, blocks: AsyncIterator[bytes], by: str) -> tuple[str, int]:
        """Write what is sent to a file; it is there whole or not at all.

        Returns
        -------
        name of the upload, and its bytes

        Raises
        ------
        ReadingRefused : ``empty``, ``too-many-files``, ``cannot-write``
        """
        self.sweep()
        owner = _owner(by)
        name, size = secrets.token_hex(8), 0
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if len(list(self.folder.glob(f"*.{owner}"))) >= _MOST:
                raise ReadingRefused(
                    "Too many files wait for a job.", code="too-many-files", fix="Ask for the jobs, or wait a day."
                )
            part = self.folder / f"{name}.part"
            try:
                with part.open("xb") as stream:
                    async for block in blocks:
                        size += len(block)
                        stream.write(block)
                    stream.flush()
                    os.fsync(stream.fileno())
                if not size:
                    raise ReadingRefused("The file is empty.", code="empty")
                part.replace(self.folder / f"{name}.{owner}")
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            raise ReadingRefused(f"The file cannot be kept: {error.strerror}.", code="cannot-write") from None
        return name, size

    def give(self, upload: str, by: str, to: Path) -> None:
        """Lay an upload beside its job; it may serve several jobs.

        Raises
        ------
        NotFound : there is none of that name that this person sent
        ReadingRefused : ``cannot-write``
        """
        path = self.folder / f"{upload}.{_owner(by)}"
        if not _NAME.fullmatch(upload) or not path.is_file():
            raise NotFound("There is no such upload.")
        try:
            to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.link(path, to)
        except OSError as error:
            raise ReadingRefused(f"The file cannot be kept: {error.strerror}.", code="cannot-write") from None

    def sweep(self) -> None:
        """Remove what nobody asked for within a day."""
        with suppress(OSError):
            for path in self.folder.iterdir():
                if time.time() - path.stat().st_mtime > _HOURS * 3600:
                    path.unlink(missing_ok=True)


def _owner(by: str) -> str:
    return hashlib.sha256(by.encode("utf-8")).hexdigest()[:16]
