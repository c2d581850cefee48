"""`candor open` and `candor verify`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import CommandError, Status, explain
from cli.group import complain
from cli.identities import unlock
from cli.joining import ShareFiles, TypeShares, join_channel_key, warn_of_joined_key
from cli.options import PassphraseFiles
from cli.roster_at_hand import Root, RosterFile, roster_shelf
from cli.terminal import wants_colour

if TYPE_CHECKING:
    from console.reading import Reading
    from console.threads import ThreadBook
    from crypto.keys import Identity

Identities = Annotated[
    list[Path] | None,
    typer.Option(
        "--identity",
        "-i",
        metavar="FILE",
        help="Your identity file. May be given again: the custodian's shows who the source is.",
    ),
]


def open_envelopes(
    envelopes: Annotated[
        list[Path],
        typer.Argument(
            metavar="ENVELOPE", help="Envelopes, or directories that are searched for *.age."
        ),
    ],
    identity: Identities = None,
    share: ShareFiles = None,
    shares: TypeShares = False,
    extract: Annotated[
        Path | None,
        typer.Option(
            "--extract",
            metavar="DIR",
            help="Also write text, answers and attachments into a directory of each bag's own in"
            " DIR, readable by you alone. Nothing is overwritten; a file that is there already, the"
            " same to the byte, is left alone.",
        ),
    ] = None,
    attachment: Annotated[
        list[str] | None,
        typer.Option(
            "--attachment",
            metavar="NUMBER",
            help="Only this attachment, 003 for instance, without reading the rest; may be given"
            " again.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One line of JSON for each envelope, for programs.")
    ] = False,
    roster: RosterFile = None,
    root: Root = None,
    passphrase_file: PassphraseFiles = None,
) -> None:
    """Show what envelopes hold: report, answers, attachments.

    A stranger's text stands behind a bar at the left, and characters that could command the
    terminal or hide something are shown by name, like ⟨U+202E⟩. Nothing is written to disk without
    --extract. Of several envelopes those that are not for you are only counted.

    Requests and disclosures are shown with the name of who signed them, by the roster that was
    imported with them or is given.

    Where several must agree, their shares are joined in memory and the key is never written.

    \b
    Examples:
      candor open report.age --identity anna.age
      candor open inbox/ --identity anna.age --extract out
      candor open report.age -i anna.age --attachment 003 --extract out
      candor open inbox/prisons --share anna.txt --share boris.txt

    \b
    Exit status:
      0  shown, and every check held
      1  damaged or forged, or refused; the message says what
      2  wrong usage
      3  sealed to somebody else, or to several together
    """
    from console.examine import Choice
    from console.layout import Style, terminal_cells
    from console.opening import find_envelopes
    from console.present import JsonLines, Pages
    from console.reading import Reading
    from console.show import Page

    paths = list(find_envelopes(envelopes))
    if not paths:
        raise CommandError("there is no envelope in there: their names end in .age")
    page = Page(terminal_cells(), Style(colour=wants_colour()))
    joined = join_channel_key(share, ask=shares)
    if not identity and not joined:
        raise typer.BadParameter(
            "give your identity file, or the shares of a channel", param_hint="--identity"
        )
    own = unlock(identity or [], passphrase_file)
    reading = Reading(
        [*own, *joined],
        Choice(extract, tuple(attachment or ())),
        JsonLines(typer.echo) if as_json else Pages(page, typer.echo),
        complain,
        roster_shelf(roster, root),
        answered_threads(identity or [], own),
    )
    for path in paths:
        reading.read(path)
    at_hand = reading.rosters.find(paths[0])
    warn_of_joined_key(joined, opened=reading.opened > 0, roster=at_hand)
    raise typer.Exit(_sum_up(reading, several=len(paths) > 1))


def answered_threads(paths: list[Path], identities: list["Identity"]) -> "ThreadBook":
    """Read which threads were answered, so that a bag forged into one of them is known as such.

    A record that cannot be read hinders a reply, and nobody from reading.
    """
    from console.errors import ThreadBookError
    from console.threads import ThreadBook, read_books

    try:
        return read_books(zip(paths, identities, strict=True))
    except ThreadBookError as error:
        complain(f"{error}")
        return ThreadBook()


def _sum_up(reading: "Reading", *, several: bool) -> Status:
    """Count on stderr what several envelopes came to, and choose the exit status."""
    if several:
        counts = {
            "opened": reading.opened,
            "sealed to others": reading.not_addressed,
            "seen before": reading.repeated,
            "damaged, forged or refused": reading.failed,
        }
        typer.echo("\n" + ", ".join(f"{n} {what}" for what, n in counts.items() if n), err=True)
    elif reading.not_addressed:
        complain("the envelope is sealed to somebody else")
        return Status.NOT_ADDRESSED
    return Status.REFUSED if reading.failed else Status.DONE


def verify(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="ENVELOPE|BAG",
            help="Envelopes; or bags, as ZIP files or as the directories that came out of them.",
        ),
    ],
    identity: Annotated[
        list[Path] | None,
        typer.Option("--identity", "-i", metavar="FILE", help="Opens envelopes, to check inside."),
    ] = None,
    share: ShareFiles = None,
    shares: TypeShares = False,
    signer: Annotated[
        list[str] | None,
        typer.Option(
            "--signer",
            metavar="RW…",
            help="Whose signature a reply must bear; a source's bag names its own key.",
        ),
    ] = None,
    passphrase_file: PassphraseFiles = None,
) -> None:
    """Check envelopes and bags without showing what is in them.

    Structure, manifests, padding, attachments, signature.

    An envelope without --identity or shares is checked in form only, and the output says so.

    \b
    Examples:
      candor verify report.age
      candor verify report.age --identity anna.age
      candor verify report.zip

    \b
    Exit status:
      0  everything that could be checked holds
      1  something does not; the message says what
      3  sealed to somebody else
    """
    from console.verify import verify as check
    from crypto.errors import CandorError
    from crypto.minisign import VerifyKey

    signers = [VerifyKey.parse(line) for line in signer or ()]
    joined = join_channel_key(share, ask=shares)
    identities = [*unlock(identity or [], passphrase_file), *joined]
    status = Status.DONE
    for path in paths:
        try:
            checked = check(path, identities, signers)
        except CandorError as error:
            message, found = explain(error)
            complain(f"{path}: {message}")
            status = Status.REFUSED if Status.REFUSED in {status, found} else found
            continue
        typer.echo(f"{path}: {'verified' if checked.whole else 'the form holds'}")
        for line in checked.lines:
            typer.echo(f"  {line}")
        if not checked.whole:
            typer.echo("  Sealed: what is inside can be checked with --identity or shares only.")
    warn_of_joined_key(joined, opened=status is not Status.NOT_ADDRESSED)
    raise typer.Exit(status)
