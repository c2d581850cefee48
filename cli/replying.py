"""`candor reply`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.identities import unlock
from cli.joining import ShareFiles, TypeShares, join_channel_key, warning_of_joined_key
from cli.options import PassphraseFile
from cli.texts import read_text

_STATUSES = "opened, question, working, passed-on, closed"


def reply(
    envelope: Annotated[Path, typer.Argument(metavar="ENVELOPE", help="What you answer.")],
    identity: Annotated[
        Path,
        typer.Option(
            "--identity",
            "-i",
            metavar="FILE",
            help="Signs the reply, and opens what it answers unless shares do.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="The bundle; never overwritten.")
    ],
    text: Annotated[
        str | None,
        typer.Option("--text", metavar="FILE", help="Your words, UTF-8; - reads standard input."),
    ] = None,
    status: Annotated[
        str | None,
        typer.Option("--status", metavar="STATUS", help=f"What became of it: {_STATUSES}."),
    ] = None,
    next_day: Annotated[
        datetime | None,
        typer.Option(
            "--next-day",
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            help="By when the source will hear again; beside a status.",
        ),
    ] = None,
    share: ShareFiles = None,
    shares: TypeShares = False,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Answer a report or message: sealed to its source, signed by you.

    Where it goes, to which key and with which number is taken from the envelope and from a record
    beside your identity file, ANNA.threads.age for ANNA.age; copy both together. The bundle goes
    back through `candor deliver`. The source sees your name and role from the roster.

    \b
    Examples:
      candor reply report.age -i anna.age --text answer.txt -o reply.zip
      echo "Thank you." | candor reply report.age -i anna.age --text - -o r.zip
      candor reply report.age -i anna.age --status working -o r.zip
      candor reply report.age -i anna.age --share anna.txt --share boris.txt \\
        --text answer.txt -o r.zip
    """
    from console.neutral import neutral_line
    from console.opening import envelope_hash
    from console.progress import byte_meter
    from console.reply import Answer, Reviewer, write_reply_bundle
    from crypto.bag_info import StatusCode
    from crypto.bag_reader import BagReader
    from crypto.envelope import open_seekable

    if status is not None and status not in set(StatusCode):
        raise typer.BadParameter(f"one of {_STATUSES}", param_hint="--status")
    if text is None and status is None:
        raise typer.BadParameter("give --text, --status, or both", param_hint="--text")
    if next_day is not None and status is None:
        raise typer.BadParameter("goes with --status", param_hint="--next-day")
    today = datetime.now(UTC).date()
    if next_day is not None and next_day.date() <= today:
        raise typer.BadParameter("is not after today", param_hint="--next-day")
    answer = Answer(
        text=_read(text),
        status=StatusCode(status) if status else None,
        next_day=next_day.date() if next_day else None,
        day=today,
    )
    joined = join_channel_key(share, ask=shares)
    reviewer = Reviewer(
        unlock([identity], [passphrase_file] if passphrase_file else None)[0], identity
    )
    openers = [reviewer.identity, *joined]
    with byte_meter(f"Reading {envelope.name}", envelope.stat().st_size) as meter:
        in_reply_to = envelope_hash(envelope, meter)
    with (
        warning_of_joined_key(joined),
        envelope.open("rb") as file,
        open_seekable(file, openers) as payload,
    ):
        bag = BagReader(payload)
        info = write_reply_bundle(out, bag, in_reply_to, answer, reviewer)
        language = bag.answers.get("language")
    typer.echo(f"Reply {info.number} in this thread: {out}")
    if isinstance(language, str):
        typer.echo(f"The source reads this service in: {neutral_line(language[:16])}")


def _read(source: str | None) -> str:
    from crypto.bag_layout import MAX_TEXT_BYTES

    if source is None:
        return ""
    hint = "write something, or send a --status alone"
    return read_text(source, most=MAX_TEXT_BYTES, if_empty=hint)
