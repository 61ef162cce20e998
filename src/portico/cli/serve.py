"""``portico serve``: the web pages on this machine with storage in a folder, or for a department as a file says."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Annotated, Final

import typer

from portico.cli.help_text import help_text
from portico.cli.library import SignaturesOption
from portico.cli.service_place import DEFAULT_FOLDER, ConfigOption, refuse_beside_config

__all__ = ["HELP", "serve"]

HELP: Final = help_text(
    "Serve the web pages: a case form, options side by side, signing, the Directive, and the check of a plan. Without "
    "sign-in the service listens on this machine only and refuses any other address. With --config a file says "
    "everything, including sign-in and the database; the other options then have no place.",
    [
        "portico serve",
        "portico serve --folder /var/lib/portico --port 8765",
        "portico serve --signatures examples/site/signatures.yaml",
        "portico serve --config /etc/portico/portico.toml",
    ],
    {
        0: "the service was stopped",
        3: "the configuration, the folder, its key, the database or the signatures cannot be used",
    },
)


def serve(
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder", help="Where database and key lie; made when missing. Left out: portico-data.", metavar="DIR"
        ),
    ] = None,
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on. Left out: 127.0.0.1.", metavar="ADDRESS")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Port to listen on. Left out: 8765.", min=1, max=65535)
    ] = None,
    signatures: SignaturesOption = None,
    config: ConfigOption = None,
) -> None:
    """Serve until interrupted.

    Raises
    ------
    UsageError : ``sign-in-needed``, ``tls-needed``, ``config-and-option``
    ReadingRefused, KnowledgeRefused : what was given cannot be used
    """
    import uvicorn

    from portico.cli.output import say
    from portico.intended_use import INTENDED_USE_SHORT
    from portico.service import Settings, app
    from portico.service.config_file import read_config

    given = {"folder": folder, "host": host, "port": port, "signatures": signatures}
    if config is None:
        chosen = {name: value for name, value in given.items() if value is not None}
        settings = Settings(**{"folder": DEFAULT_FOLDER, **chosen})  # type: ignore[arg-type]  # each under its own name
    else:
        for name, value in given.items():
            refuse_beside_config(f"--{name}", value)
        settings = read_config(config)
    served = app(settings)
    say(INTENDED_USE_SHORT)
    say(f"Serving on {settings.origin}/ (Ctrl-C ends)")
    # The library lives as long as the process: looking for garbage in it would cost every few hundred requests.
    gc.collect()
    gc.freeze()
    # Access lines of the server itself would hold addresses as they were asked for.
    uvicorn.run(
        served, host=settings.host, port=settings.port, access_log=False, log_level="warning", server_header=False
    )
