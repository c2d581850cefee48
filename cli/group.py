"""The frame of every command: grouped help, errors as one line, quiet ends."""

import os
import re
import sys
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from cli.errors import Status, explain

_SUMMARY_CELLS = 70
_PYTHON_TYPE = re.compile(r" <.*>$")


class Command(TyperCommand):
    """A command whose help names arguments plainly."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Write `ENVELOPE...` where typer writes `{ENVELOPE}...`."""
        return [
            piece.strip("{}").replace("}...", "...") for piece in super().collect_usage_pieces(ctx)
        ]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Leave out Python's names of types."""
        records = [(p, p.get_help_record(ctx)) for p in self.get_params(ctx)]
        for heading, kind in (("Arguments", "argument"), ("Options", "option")):
            rows = [
                (_PYTHON_TYPE.sub("", row[0]), row[1])
                for p, row in records
                if row is not None and p.param_type_name == kind
            ]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)


class Commands(TyperGroup):
    """Commands in the order of their registration, under headings."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; say what went wrong in one line."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # the reader of our output has gone (`candor open … | head`): nothing is wrong
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(Status.DONE) from None
        except KeyboardInterrupt:
            typer.echo(err=True)  # the terminal has written ^C, or a prompt, on this line
            complain("interrupted")
            raise typer.Exit(Status.INTERRUPTED) from None
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except Exception as error:
            if type(error).__module__.startswith("typer"):
                raise
            message, status = explain(error)
            complain(message)
            raise typer.Exit(status) from None

    def list_commands(self, ctx: Any) -> list[str]:
        """Keep the order in which they were registered."""
        del ctx
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands under the headings that they were registered with."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.commands[name]
            row = (name, command.get_short_help_str(_SUMMARY_CELLS))
            groups.setdefault(_heading(command), []).append(row)
        for heading, rows in groups.items():
            with formatter.section(heading):
                formatter.write_dl(rows)


def _heading(command: Any) -> str:
    panel = getattr(command, "rich_help_panel", None)
    return panel if isinstance(panel, str) else "Commands"


def complain(message: str) -> None:
    """Say in one line on stderr what went wrong."""
    from console.neutral import neutral_line

    typer.echo(f"candor: {neutral_line(message)}", err=True)
