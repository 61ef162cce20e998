"""What a verb ends with: the exit status, and what is said when something went wrong.

    0    fine
    1    findings or not met
    2    usage: the command line is wrong
    3    input refused
    4    cannot tell
    70   internal error: a fault of this software, never of the case
    130  interrupted
    141  the reader of the output went away before its end

No traceback is printed, ever. An unexpected fault is named by its class and the line of this software at which it
arose: its own message could hold something of the case, so it stays unsaid.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import PurePath
from types import TracebackType
from typing import Any, Final

import typer

from portico.errors import Exit, PorticoError, Problem, UsageError

__all__ = ["INTERNAL_ERROR", "OUTPUT_CLOSED", "OutputClosed", "guarded", "printable"]

INTERNAL_ERROR: Final = 70
OUTPUT_CLOSED: Final = 141


class OutputClosed(Exception):
    """Whoever read the output has closed it; nothing more can be said there."""


def printable(text: str) -> str:
    """The text without characters that could steer a terminal; line ends and tabs are kept.

    >>> printable("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    """
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode("ascii") for c in text)


def guarded(run: Callable[[], Any], *, as_json: bool) -> int:
    """Run a verb and turn whatever happens into an exit status.

    Parameters
    ----------
    run : the verb; what it returns is its exit status, anything but a whole number counts as 0
    as_json : errors become one JSON object on standard output instead of lines on standard error

    Returns
    -------
    the exit status
    """
    try:
        found = run()
        sys.stdout.flush()
        if found == Exit.INTERRUPTED:  # the parser turns an interrupt into its status by itself
            raise KeyboardInterrupt
        return found if isinstance(found, int) else int(Exit.FINE)
    except (OutputClosed, BrokenPipeError):
        return _silenced()
    except (KeyboardInterrupt, typer.Abort):
        _say("Interrupted. Nothing more was written.")
        return int(Exit.INTERRUPTED)
    except PorticoError as error:
        return _report(error, as_json)
    except Exception as error:
        if _is_usage(error):
            return _report(_usage(error), as_json)
        return _report_fault(error, as_json)


def _silenced() -> int:
    # Python flushes standard output once more when it ends; that must not complain either.
    with suppress(OSError, ValueError):
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, sys.stdout.fileno())
        os.close(descriptor)
    return OUTPUT_CLOSED


def _say(text: str) -> None:
    with suppress(OSError):
        typer.echo(printable(text), err=True)


def _is_usage(error: Exception) -> bool:
    """Errors of the command-line parser; their base class is not public in every version of typer."""
    return hasattr(error, "format_message") and hasattr(error, "exit_code")


def _usage(error: Any) -> UsageError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "portico"
    message = str(error.format_message()).strip() or "The command line is not complete."
    return UsageError(message, fix=f"See `{path} --help`.")


def _report(error: PorticoError, as_json: bool) -> int:
    status = int(error.exit_status)
    if as_json:
        _print_json({**error.to_dict(), "exit_status": status})
    else:
        for problem in error.problems:
            _say(str(problem))
    return status


def _report_fault(error: Exception, as_json: bool) -> int:
    where = _place(error.__traceback__)
    problem = Problem(
        "internal-error",
        f"Portico failed ({type(error).__name__}{f' at {where}' if where else ''}).",
        fix="This is a fault of the software; nothing it printed before may be relied on.",
    )
    if as_json:
        _print_json({"error": problem.to_dict(), "problems": [problem.to_dict()], "exit_status": INTERNAL_ERROR})
    else:
        _say(str(problem))
    return INTERNAL_ERROR


def _place(trace: TracebackType | None) -> str:
    """Innermost line of this package, such as ``case/row.py:12``; empty when none."""
    found = ""
    while trace is not None:
        parts = PurePath(trace.tb_frame.f_code.co_filename).parts
        if "portico" in parts:
            last = len(parts) - 1 - parts[::-1].index("portico")
            found = f"{'/'.join(parts[last + 1 :])}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


def _print_json(value: Any) -> None:
    try:
        typer.echo(json.dumps(value, ensure_ascii=True, indent=2))
    except OSError:
        _silenced()
