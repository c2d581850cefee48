"""`candor receipt`, `candor verify-receipt` and `candor verify-log`: the log, for anybody."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import CommandError, Status
from cli.group import complain

if TYPE_CHECKING:
    from console.log_check import CheckedLog
    from console.receipts import CheckedReceipt
    from crypto.log_proof import LogProof
    from crypto.roster import Roster

_HASH = re.compile(r"[0-9a-fA-F]{64}")
RosterFile = Annotated[
    Path,
    typer.Option(
        "--roster",
        metavar="FILE",
        help="The service's roster.json, its .minisig beside it: as the service publishes them.",
    ),
]
Root = Annotated[
    str,
    typer.Option(
        "--root", metavar="RW…", help="The fingerprint, from where it was published elsewhere."
    ),
]


def receipt(
    envelope_hash: Annotated[
        str, typer.Argument(metavar="HASH", help="The hash of the envelope, 64 hex digits.")
    ],
    day: Annotated[
        Path,
        typer.Option(
            "--day",
            metavar="FILE",
            help="The public log of the day on which it arrived, from"
            " /log/CHANNEL/YYYY-MM-DD.json at the service.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Never overwritten.")],
) -> None:
    """Make an envelope's receipt from the public log.

    The service is not asked for it: it would learn whose envelope it is. It publishes whole days,
    and the receipt is made here. With it anybody can check that an envelope with this hash was
    logged; not whose it is, nor what it says.

    A receipt can be used against whoever holds it: it shows that they knew of this envelope.

    \b
    Example:
      candor receipt HASH --day 2026-11-23.json --out receipt.txt
    """
    from console.log_files import read_day_file
    from console.receipts import channel_of, make_receipt
    from disk.files import new_file_at

    wanted = _hash(envelope_hash, "HASH")
    log_day = read_day_file(day)
    proof = make_receipt(log_day, wanted)
    with new_file_at(out) as file:
        file.write(proof.serialize().encode())
    channel = channel_of(log_day.head.origin)
    typer.echo(f"Receipt  {out}")
    typer.echo(f"Logged   as envelope {proof.index + 1} of {proof.head.size} in {channel}")
    typer.echo(f"Day      {log_day.day}, as the file says; `candor verify-receipt` says who saw it")


def verify_receipt(
    receipt_file: Annotated[
        Path, typer.Argument(metavar="RECEIPT", help="What `candor receipt` wrote.")
    ],
    roster: RosterFile,
    root: Root,
    envelope: Annotated[
        Path | None, typer.Argument(metavar="ENVELOPE", help="What it is the receipt of.")
    ] = None,
    envelope_hash: Annotated[
        str | None,
        typer.Option("--hash", metavar="HEX", help="Its hash, where the envelope is not here."),
    ] = None,
) -> None:
    """Check what a receipt shows: where an envelope was logged, and who saw it.

    The day is a witness's word. Without one, the receipt proves that the service has signed this
    log, and not when. Any program that reads tlog-proof says the same.

    \b
    Examples:
      candor verify-receipt receipt.txt report.age --roster roster.json --root RW…
      candor verify-receipt receipt.txt --hash HASH --roster roster.json --root RW…

    \b
    Exit status:
      0  the envelope was logged
      1  the receipt does not show that; the message says why
    """
    from console.receipts import check_receipt

    if (envelope is None) == (envelope_hash is None):
        raise typer.BadParameter("give either the envelope or its hash", param_hint="--hash")
    wanted = _hash(envelope_hash, "--hash") if envelope_hash else _hash_of(envelope)
    trusted = _read_roster(roster, root)
    for line in _receipt_lines(check_receipt(_read_receipt(receipt_file), wanted, trusted)):
        typer.echo(line)


def verify_log(
    day_files: Annotated[
        list[Path],
        typer.Argument(
            metavar="DAYFILE", help="Public days of the log, or directories that hold them."
        ),
    ],
    roster: RosterFile,
    root: Root,
) -> None:
    """Check days of the public log, each against the one before.

    Signatures and witnesses as well. It needs no key and no envelope: anybody can fetch the days,
    keep them, and see next month whether the service still says the same. It also says what it
    could not check.

    \b
    Example:
      candor verify-log log/general/ --roster roster.json --root RW…

    \b
    Exit status:
      0  everything that could be checked holds
      1  something does not; the message says what
    """
    from console.log_check import check_logs
    from console.log_files import find_day_files, read_day_file

    paths = list(find_day_files(day_files))
    if not paths:
        raise CommandError("there is no day of a log in there: their names end in .json")
    trusted = _read_roster(roster, root)
    status = Status.DONE
    for log in check_logs(map(read_day_file, paths), trusted):
        for line in _log_lines(log):
            typer.echo(line)
        for problem in log.problems:
            complain(problem)
            status = Status.REFUSED
    raise typer.Exit(status)


def _hash(text: str, hint: str) -> bytes:
    if not _HASH.fullmatch(text):
        raise typer.BadParameter("is not 64 hex digits", param_hint=hint)
    return bytes.fromhex(text)


def _hash_of(envelope: Path | None) -> bytes:
    from console.opening import envelope_hash
    from console.progress import byte_meter

    if envelope is None:
        raise typer.BadParameter("is missing", param_hint="ENVELOPE")
    with byte_meter(f"Reading {envelope.name}", envelope.stat().st_size) as meter:
        return envelope_hash(envelope, meter)


def _read_roster(path: Path, root: str) -> "Roster":
    """Read a roster; an old one proves what was signed under it as well as ever."""
    from datetime import UTC, date, datetime

    from console.roster_refusal import judge
    from crypto.minisign import VerifyKey

    verdict = judge(path, VerifyKey.parse(root), today=date.min, origin=None, seen=None)
    if verdict.roster.expires < datetime.now(UTC).date():
        complain(
            f"warning: the roster was valid until {verdict.roster.expires}: keys may have changed"
            " since"
        )
    return verdict.roster


def _read_receipt(path: Path) -> "LogProof":
    from crypto.log_proof import MAX_PROOF_BYTES, LogProof

    with path.open("rb") as file:
        data = file.read(MAX_PROOF_BYTES + 1)
    try:
        return LogProof.parse(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise CommandError(f"{path} is not a receipt") from None


def _receipt_lines(checked: "CheckedReceipt") -> list[str]:
    when = f", by the end of {checked.day}" if checked.day else ""
    lines = [
        f"Logged     as envelope {checked.index + 1} of {checked.size} in {checked.channel}{when}"
    ]
    lines += [
        f"Witnessed  by courier {courier}, by the end of {day}"
        for courier, day in sorted(checked.witnesses.items())
    ]
    if not checked.witnesses:
        lines += [
            "Witnessed  not yet: when it was logged is the service's word alone. Make the receipt",
            "           again from the day's file once a courier has signed it.",
        ]
    return lines


def _log_lines(log: "CheckedLog") -> list[str]:
    first, last = log.days[0], log.days[-1]
    witnesses = [f"{courier} up to {day}" for courier, day in sorted(log.witnessed.items())]
    lines = [
        f"{log.channel}: {len(log.days)} days, {first.day} to {last.day}",
        f"  head         {last.head.size} {last.head.root.hex()}",
        f"  witnessed    {', '.join(witnesses) if witnesses else 'not yet'}",
    ]
    if log.unwitnessed and witnesses:
        lines.append(f"  unwitnessed  {log.unwitnessed} of these days")
    if not log.problems:
        lines.append("  holds        signatures, and every day continues the one before")
    return [*lines, *(f"  not checked  {what}" for what in log.unchecked)]
