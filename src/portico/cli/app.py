"""The command ``portico``: its verbs, and the one place where errors become exit codes.

Verbs import what they need when they run, so that ``portico --help`` starts at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from portico import __version__
from portico.cli.exits import OutputClosed, guarded
from portico.intended_use import INTENDED_USE_SHORT

__all__ = ["GuardedGroup", "app", "main"]


class GuardedGroup(TyperGroup):
    """The root command: runs a verb and ends with one status of the table, never with a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb; a closed output is told apart from other errors of the system."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise OutputClosed from None

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run with these arguments; end the process, or with ``standalone_mode=False`` return the status."""
        arguments = [str(a) for a in (sys.argv[1:] if args is None else args)]
        before_dashes = arguments[: arguments.index("--")] if "--" in arguments else arguments

        def run() -> Any:
            return super(GuardedGroup, self).main(
                args=arguments,
                prog_name=prog_name or "portico",
                complete_var=complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            )

        status = guarded(run, as_json="--json" in before_dashes)
        if standalone_mode:
            sys.exit(status)
        return status


app = typer.Typer(
    cls=GuardedGroup,
    name="portico",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help=(
        "Decision support for radiotherapy after surgery for bone metastases.\n\n"
        f"{INTENDED_USE_SHORT}\n\n"
        "\b\nExit codes of every verb:\n"
        "  0    fine\n"
        "  1    findings or not met\n"
        "  2    usage: the command line is wrong\n"
        "  3    input refused\n"
        "  4    cannot tell\n"
        "  70   internal error, a fault of the software\n"
        "  130  interrupted"
    ),
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"portico {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Options that stand before the verb; without a verb, the help is printed and the call counts as a wrong one."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; the entry point of the command ``portico``.

    Parameters
    ----------
    arguments : words after ``portico``, and the exit status is returned; left out, they are those of the process, and
        the process ends with the status, so that no caller can turn a refusal into success
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a terminal without UTF-8
    command: Any = typer.main.get_command(app)
    status: int = command.main(args=arguments, prog_name="portico", standalone_mode=arguments is None)
    return status


def _register() -> None:
    from portico.cli import advise, audit, backup, bed, check, dvh, explain, plan, score, serve, sign, targets, verify
    from portico.cli.audit_log import audit_log_app
    from portico.cli.case import case_app
    from portico.cli.directive import directive_app
    from portico.cli.evidence import evidence_app
    from portico.cli.fhir import fhir_app
    from portico.cli.knowledge import knowledge_app
    from portico.cli.synthetic_registry import HELP as SYNTHETIC_HELP
    from portico.cli.synthetic_registry import synthetic_registry

    app.command("advise", help=advise.HELP)(advise.advise)
    app.add_typer(case_app)
    app.command("explain", help=explain.HELP)(explain.explain)
    app.command("sign", help=sign.HELP)(sign.sign)
    app.add_typer(directive_app)
    app.command("dvh", help=dvh.HELP)(dvh.dvh)
    app.command("check", help=check.HELP)(check.check)
    app.command("targets", help=targets.HELP)(targets.targets)
    app.command("plan", help=plan.HELP)(plan.plan)
    app.command("score", help=score.HELP)(score.score)
    app.command("bed", help=bed.HELP)(bed.bed)
    app.add_typer(knowledge_app)
    app.add_typer(evidence_app)
    app.add_typer(fhir_app)
    app.command("serve", help=serve.HELP)(serve.serve)
    app.command("audit", help=audit.HELP)(audit.audit)
    app.add_typer(audit_log_app)
    app.command("backup", help=backup.BACKUP_HELP)(backup.backup)
    app.command("restore", help=backup.RESTORE_HELP)(backup.restore)
    app.command("retain", help=backup.RETAIN_HELP)(backup.retain)
    app.command("export", help=backup.EXPORT_HELP)(backup.export)
    app.command("synthetic-registry", help=SYNTHETIC_HELP)(synthetic_registry)
    app.command("verify", help=verify.HELP)(verify.verify)


_register()
