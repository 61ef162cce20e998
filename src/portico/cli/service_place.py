"""Where a service keeps its data: the folder of one person, or what ``portico.toml`` says for a department."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from portico.errors import UsageError

if TYPE_CHECKING:
    from portico.service import Settings

__all__ = ["DEFAULT_FOLDER", "ConfigOption", "FolderOption", "refuse_beside_config", "settings_at"]

DEFAULT_FOLDER: Final = Path("portico-data")

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="File of a department's service, portico.toml.", metavar="FILE")
]
FolderOption = Annotated[
    Path | None, typer.Option("--folder", help="Folder of the service. Left out: portico-data.", metavar="DIR")
]


def refuse_beside_config(option: str, value: object) -> None:
    """Refuse an option that the file says already.

    Raises
    ------
    UsageError : ``config-and-option``
    """
    if value is not None:
        raise UsageError(
            "The file of --config says this already.",
            code="config-and-option",
            path=option,
            fix="Leave one of both out.",
        )


def settings_at(folder: Path | None, config: Path | None, *, exists: bool = True) -> Settings:
    """The settings of a service; with ``exists``, of one that was started before.

    Raises
    ------
    UsageError : ``config-and-option``; ``no-database``, when the folder or file names a SQLite database that is missing
    ReadingRefused : the file of ``--config`` cannot be used
    """
    from sqlalchemy.engine import make_url

    from portico.service import Settings
    from portico.service.config_file import read_config

    if config is not None:
        refuse_beside_config("--folder", folder)
    settings = Settings(folder or DEFAULT_FOLDER) if config is None else read_config(config)
    url = make_url(settings.url)
    if exists and url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise UsageError(
            "There is no database of the service in this folder.",
            code="no-database",
            path="--folder" if config is None else "--config",
        )
    return settings
