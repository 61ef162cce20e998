"""Opening the library with a site's signatures, for the verbs that need it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from portico.knowledge import Library

__all__ = ["SignaturesOption", "open_library"]

SignaturesOption = Annotated[
    Path | None,
    typer.Option(
        "--signatures",
        help="The site's signature file; without it, rows read only in secondary pages do not bind.",
        metavar="FILE",
    ),
]


def open_library(signatures: Path | None = None) -> Library:
    """The shipped library, with a site's signatures applied when a file is given.

    Raises
    ------
    ReadingRefused, KnowledgeRefused : the signature file cannot be read or does not hold
    """
    from portico.knowledge import load_library

    return load_library(signatures=signatures)
