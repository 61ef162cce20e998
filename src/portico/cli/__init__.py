"""The command line: one verb per capability, one table of exit codes for all of them."""

from portico.cli.app import app, main

__all__ = ["app", "main"]
