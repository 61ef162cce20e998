"""``portico serve``: the web pages on this machine, with storage in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from portico.cli.help_text import help_text
from portico.cli.library import SignaturesOption

__all__ = ["HELP", "serve"]

HELP: Final = help_text(
    "Serve the web pages: a case form, options side by side, signing, the Directive, and the check of a plan. Without "
    "sign-in the service listens on this machine only and refuses any other address.",
    [
        "portico serve",
        "portico serve --folder /var/lib/portico --port 8765",
        "portico serve --signatures examples/site/signatures.yaml",
    ],
    {
        0: "the service was stopped",
        3: "the folder, its key or the signatures cannot be used",
    },
)


def serve(
    folder: Annotated[
        Path, typer.Option("--folder", help="Where database and key lie; made when missing.", metavar="DIR")
    ] = Path("portico-data"),
    host: Annotated[str, typer.Option("--host", help="Address to listen on.", metavar="ADDRESS")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port to listen on.", min=1, max=65535)] = 8765,
    signatures: SignaturesOption = None,
) -> None:
    """Serve until interrupted.

    Raises
    ------
    UsageError : ``sign-in-needed``
    ReadingRefused, KnowledgeRefused : what was given cannot be used
    """
    import uvicorn

    from portico.cli.output import say
    from portico.intended_use import INTENDED_USE_SHORT
    from portico.service import Settings, app

    settings = Settings(folder, host=host, port=port, signatures=signatures)
    served = app(settings)
    say(INTENDED_USE_SHORT)
    say(f"Serving on http://{f'[{host}]' if ':' in host else host}:{port}/ (Ctrl-C ends)")
    # Access lines of the server itself would hold addresses as they were asked for.
    uvicorn.run(served, host=host, port=port, access_log=False, log_level="warning", server_header=False)
