"""The command `candor`: every subcommand is registered here, and brings its room when it is run."""

from collections.abc import Callable

import typer

from cli import (
    couriers,
    demo,
    disclosing,
    identities,
    import_status,
    importing,
    making,
    reading,
    receipts,
    replying,
    restoring,
    rosters,
    serving,
    storage,
)
from cli.group import Command, Commands
from cli.terminal import speak_any_script

app = typer.Typer(
    name="candor",
    cls=Commands,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_OPERATORS = "For operators, on the server"
_REVIEWERS = "For reviewers, on the offline machine"
_ANYBODY = "For sources and everybody, to check the public log"
_COURIERS = "For couriers, on the machine that carries"
_ROOT = "For whoever keeps the root key, on an offline machine"


def register(name: str, command: Callable[..., None], heading: str) -> None:
    """Add a command under a heading."""
    app.command(name, cls=Command, rich_help_panel=heading)(command)


app.add_typer(identities.app, name="identity", rich_help_panel=_REVIEWERS)
register("open", reading.open_envelopes, _REVIEWERS)
register("reply", replying.reply, _REVIEWERS)
register("request", disclosing.request, _REVIEWERS)
register("disclose", disclosing.disclose, _REVIEWERS)
register("verify", reading.verify, _REVIEWERS)
register("import", importing.import_bundles, _REVIEWERS)
register("status", import_status.show_status, _REVIEWERS)

register("receipt", receipts.receipt, _ANYBODY)
register("verify-receipt", receipts.verify_receipt, _ANYBODY)
register("verify-log", receipts.verify_log, _ANYBODY)
app.add_typer(couriers.app, name="courier", rich_help_panel=_COURIERS)
app.add_typer(rosters.app, name="roster", rich_help_panel=_ROOT)


register("demo", demo.demo, _OPERATORS)
register("init", making.init, _OPERATORS)
register("serve", serving.serve, _OPERATORS)
register("batch", storage.batch, _OPERATORS)
register("export", storage.export, _OPERATORS)
register("deliver", storage.deliver, _OPERATORS)
register("purge", storage.purge, _OPERATORS)
register("restore-log", restoring.restore_log, _OPERATORS)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"candor {version('candor')}")
        raise typer.Exit


@app.callback()
def candor(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Say which version this is."
    ),
) -> None:
    """Candor: a whistleblower submission service that keeps only ciphertext.

    To try it: `candor demo ./var` makes a demonstration service and says what to do next.
    """
    del version


def main() -> None:
    """Run the command line."""
    speak_any_script()
    app(prog_name="candor")
