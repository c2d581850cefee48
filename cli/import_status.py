"""`candor status`, and the alarms that wait in an import directory."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Status
from cli.group import complain

if TYPE_CHECKING:
    from console.alarms import AlarmBook, AlarmGroup
    from console.import_state import ImportState

_SHOWN_HASHES = 5


def show_status(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="What `candor import --into` made.")
    ],
    acknowledge: Annotated[
        list[int] | None,
        typer.Option(
            "--acknowledge",
            metavar="N",
            help="Alarm N has been dealt with: do not repeat it. May be given again.",
        ),
    ] = None,
) -> None:
    """Say what was imported so far, and which alarms wait.

    \b
    Exit status:
      0  no alarm waits
      1  there is no such directory, or no such alarm
      4  an alarm waits, until it is acknowledged
    """
    from console.errors import ImportDirectoryError
    from console.import_directory import read_state

    if acknowledge:
        _acknowledge(directory, acknowledge)
    state = read_state(directory)
    if state is None:
        raise ImportDirectoryError(f"nothing was imported into {directory} yet")
    for line in _status_lines(directory, state):
        typer.echo(line)
    raise typer.Exit(Status.ALARM if cry(state.alarms, directory, whole=True) else Status.DONE)


def cry(alarms: "AlarmBook", directory: Path, *, whole: bool = False) -> bool:
    """Say on stderr which alarms wait, and what to do; tell whether there are any."""
    for group in alarms.waiting:
        complain(f"ALARM {group.number}: {group.sentence}")
        for line in _hash_lines(group, whole=whole):
            typer.echo(line, err=True)
        typer.echo(f"  What to do: {group.advice}.", err=True)
        typer.echo(
            f"  When it has been dealt with: candor status {shlex.quote(str(directory))}"
            f" --acknowledge {group.number}",
            err=True,
        )
    return bool(alarms.waiting)


def count(number: int, noun: str) -> str:
    """Write a number of things."""
    return f"{number} {noun}{'s' * (number != 1)}"


def _acknowledge(directory: Path, numbers: list[int]) -> None:
    from dataclasses import replace

    from console.errors import ImportDirectoryError
    from console.import_directory import open_imports

    if not directory.is_dir():
        raise ImportDirectoryError(f"there is no {directory}")
    with open_imports(directory) as opened:
        if opened.state is None:
            raise ImportDirectoryError(f"nothing was imported into {directory} yet")
        alarms = opened.state.alarms
        for number in numbers:
            alarms = alarms.acknowledge(number)
        opened.save(replace(opened.state, alarms=alarms))


def _hash_lines(group: "AlarmGroup", *, whole: bool) -> list[str]:
    shown = group.envelopes if whole else group.envelopes[:_SHOWN_HASHES]
    left = group.count - len(shown)
    return [
        *(f"  {envelope.hex()}" for envelope in shown),
        *([f"  and {left} more"] if left else []),
    ]


def _status_lines(directory: Path, state: "ImportState") -> list[str]:
    from console.import_directory import INBOX

    lines = [
        f"Service   {state.service_id.hex()}",
        f"Root key  {state.root.serialize()}",
        f"Roster    {state.newest_roster}",
    ]
    for channel, log in sorted(state.logs.items()):
        inbox = directory / INBOX / channel
        here = sum(1 for _ in inbox.glob("*.age")) if inbox.is_dir() else 0
        lines += [
            f"Channel   {channel}: {count(here, 'envelope')} here",
            f"  log     {count(log.tree.size, 'envelope')} by the end of {log.day}",
            f"  root    {log.tree.root.hex()}",
        ]
    lines += [
        f"Courier   {courier} for {channel}: bundle {carried.serial}, up to {carried.day}"
        for (courier, channel), carried in sorted(state.carried.items())
    ]
    lines += [
        f"Alarm {group.number}, acknowledged: {group.sentence}"
        for group in state.alarms.groups
        if group.acknowledged
    ]
    return lines
