"""Reading a form that a browser sent: bounded, each name once, and only with the token of this browser."""

from __future__ import annotations

from typing import Final

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from portico.errors import ReadingRefused, UsageError
from portico.service.guards import check_token

__all__ = ["form_of", "form_with_file"]

_FIELDS: Final = 300
_TEXT_BYTES: Final = 20_000
_LONGEST: Final = 2_000


async def form_of(request: Request, key: bytes) -> dict[str, str]:
    """The fields of a form by name, without its token; what is empty is left out.

    Raises
    ------
    UsageError : ``form-token``
    ReadingRefused : ``duplicate-key``, ``too-large``, ``syntax``, ``control-character``
    """
    fields, file = await form_with_file(request, key)
    if file is not None:
        raise ReadingRefused("This form takes no file.", code="syntax")
    return fields


async def form_with_file(request: Request, key: bytes) -> tuple[dict[str, str], UploadFile | None]:
    """The fields of a form and its file, if there is one; see :func:`form_of`."""
    try:
        form = await request.form(max_files=1, max_fields=_FIELDS, max_part_size=_TEXT_BYTES)
    except (HTTPException, ValueError):
        raise ReadingRefused("The form cannot be read.", code="syntax") from None
    fields: dict[str, str] = {}
    file: UploadFile | None = None
    seen: set[str] = set()
    for name, value in form.multi_items():
        if name in seen:
            raise ReadingRefused("A field of the form was sent twice.", code="duplicate-key")
        seen.add(name)
        if isinstance(value, UploadFile):
            file = value
            continue
        if len(value) > _LONGEST:
            raise ReadingRefused("An answer is longer than 2,000 characters.", code="too-large")
        if any(not (c.isprintable() or c in "\r\n\t") for c in value):
            raise ReadingRefused("An answer holds a control character.", code="control-character")
        if value.strip():
            fields[name] = value.strip()
    try:
        check_token(key, request, fields.pop("csrf", None))
    except UsageError:
        if file is not None:
            await file.close()
        raise
    return fields, file
