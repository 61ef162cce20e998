"""Reports of a plan: made in memory first, so that a refusal leaves no file behind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from portico.errors import UsageError

if TYPE_CHECKING:
    from portico.dosimetry import PlanCheck
    from portico.knowledge import Library

__all__ = ["plan_reports", "save_reports", "say_written", "separate_files"]

Files = list[tuple[Path, bytes | str]]


def separate_files(targets: tuple[Path | None, ...], inputs: tuple[Path | None, ...] = ()) -> None:
    """Each file to be written has its own name, and none is one that is read.

    Raises
    ------
    UsageError : ``same-file``
    """
    named = [path.resolve() for path in targets if path is not None]
    read = {path.resolve() for path in inputs if path is not None}
    if len(set(named)) < len(named) or read & set(named):
        raise UsageError("Each file needs its own name.", code="same-file")


def plan_reports(check: PlanCheck, library: Library, html: Path | None, pdf: Path | None) -> Files:
    """The reports that are wanted, with their names."""
    files: Files = []
    if html is not None:
        from portico.report import render_plan_html

        files.append((html, render_plan_html(check, library)))
    if pdf is not None:
        from portico.report import render_plan_pdf

        files.append((pdf, render_plan_pdf(check, library)))
    return files


def save_reports(files: Files) -> None:
    """Write the files, each whole or not at all."""
    from portico.cli.output import save

    for path, content in files:
        save(path, content)


def say_written(files: Files) -> None:
    """Say on standard error where the files are."""
    from portico.cli.output import say, shown_path

    for path, _ in files:
        say(f"Written: {shown_path(path)}")
