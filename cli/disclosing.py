"""`candor request` and `candor disclose`: who a source is, asked and told."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Status
from cli.group import complain
from cli.identities import unlock
from cli.joining import ShareFiles, TypeShares, join_channel_key, warning_of_joined_key
from cli.options import PassphraseFiles
from cli.reading import answered_threads
from cli.roster_at_hand import Root, RosterFile, roster_shelf
from cli.terminal import wants_colour
from cli.texts import read_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.custody import Asked
    from crypto.bag_reader import BagReader
    from crypto.keys import Identity
    from crypto.minisign import VerifyKey

Out = Annotated[
    Path, typer.Option("--out", "-o", metavar="FILE", help="The bundle; never overwritten.")
]


def request(
    envelope: Annotated[
        Path, typer.Argument(metavar="ENVELOPE", help="The report whose source it is about.")
    ],
    identity: Annotated[
        list[Path],
        typer.Option(
            "--identity",
            "-i",
            metavar="FILE",
            help="Yours: opens the report unless shares do, and signs. May be given again.",
        ),
    ],
    text: Annotated[
        str,
        typer.Option(
            "--text", metavar="FILE", help="Why you must know, UTF-8; - reads standard input."
        ),
    ],
    out: Out,
    roster: RosterFile = None,
    root: Root = None,
    share: ShareFiles = None,
    shares: TypeShares = False,
    passphrase_file: PassphraseFiles = None,
) -> None:
    """Ask the custodian who the source of a report is.

    What a source says about who they are is sealed to the custodian alone. This asks for it: the
    sealed identity as it came in the report, and your reason. The custodian decides, and whether
    the source said anything you learn only then.

    The request travels as one more envelope of the report's channel, sealed to the custodian; the
    bundle goes back through `candor deliver`. Who carries and delivers it sees that somebody asks
    or tells something in this channel, not about whom.

    \b
    Examples:
      candor request desk/inbox/general/HASH.age -i anna.age \\
        --text why.txt -o ask.zip
      candor request report.age -i anna.age --text why.txt -o ask.zip \\
        --roster roster.json --root RW…
    """
    from console.actor import Actor
    from console.custody import write_request_bundle
    from console.custody_page import describe
    from console.neutral import neutral_line
    from crypto.bag_info import BagKind
    from crypto.custody import MAX_REASON_BYTES

    shelf = roster_shelf(roster, root)
    in_force = shelf.require(envelope)
    reason = read_text(text, most=MAX_REASON_BYTES, if_empty="say why you must know")
    joined = join_channel_key(share, ask=shares)
    own = unlock(identity, passphrase_file)
    actor = Actor(tuple(own), in_force, shelf.today)
    threads = answered_threads(identity, own)
    with warning_of_joined_key(joined), _opened(envelope, [*own, *joined]) as bag:
        if bag.kind is BagKind.MESSAGE:
            complain("warning: who they are, sources say with a report: ask about that one instead")
        custodian = write_request_bundle(out, bag, reason, threads, actor)
    typer.echo(f"Request for {neutral_line(describe(custodian))}: {out}")


def disclose(
    envelope: Annotated[
        Path, typer.Argument(metavar="ENVELOPE", help="The request, as it was imported.")
    ],
    identity: Annotated[
        list[Path],
        typer.Option(
            "--identity",
            "-i",
            metavar="FILE",
            help="The custodian's. Given again, a former one also opens what was sealed to it.",
        ),
    ],
    out: Out,
    roster: RosterFile = None,
    root: Root = None,
    passphrase_file: PassphraseFiles = None,
) -> None:
    """As the custodian, tell a reviewer who a source is, or refuse.

    Shows who asks, by the roster entry whose key has signed the request, and why; asks whether you
    want to see what the source wrote; and asks again before it is told. It is sealed to the
    reviewer who asked and to nobody else. To refuse, answer no: nothing is written, and nobody is
    told.

    A request is refused if no reviewer of its channel signed it, or if the identity in it is that
    of another source than it names, or from another channel.

    \b
    Examples:
      candor disclose desk/inbox/general/HASH.age -i custodian.age -o tell.zip
      candor disclose request.age -i custodian.age -o tell.zip \\
        --roster roster.json --root RW…

    \b
    Exit status:
      0  the bundle is written
      1  you said no, or the request is refused; the message says why
      2  wrong usage
      3  sealed to somebody else
    """
    from console.actor import Actor
    from console.custody import read_request, write_disclosure_bundle
    from crypto.custody import custody_signers

    shelf = roster_shelf(roster, root)
    in_force = shelf.require(envelope)
    own = unlock(identity, passphrase_file)
    actor = Actor(tuple(own), in_force, shelf.today)
    actor.custodian_key()
    with _opened(envelope, own, custody_signers(in_force, shelf.today)) as bag:
        asked = read_request(bag, actor)
        if not _decide(envelope, bag, asked):
            complain("nothing was written, and nobody is told")
            raise typer.Exit(Status.REFUSED)
        write_disclosure_bundle(out, asked, actor)
    typer.echo(f"Told to {_name(asked)} alone: {out}")


def _decide(envelope: Path, bag: "BagReader", asked: "Asked") -> bool:
    """Show who asks and why, then what the source wrote, and let the custodian say yes or no."""
    from console.custody_page import show_identity, show_reason, show_signer
    from console.layout import Style, terminal_cells
    from console.show import Page, show_facts

    page = Page(terminal_cells(), Style(colour=wants_colour()))
    for line in (
        *show_facts(page, bag, envelope.name),
        *show_signer(page, bag, asked.asker),
        *show_reason(page, bag.text),
        "",
    ):
        typer.echo(line)
    if not _yes("Look at what the source wrote about who they are?"):
        return False
    for line in (*show_identity(page, asked.told), ""):
        typer.echo(line)
    return _yes(f"Tell this to {_name(asked)}, and to nobody else?")


def _yes(question: str) -> bool:
    """Ask; where nobody answers, that is a no."""
    try:
        return typer.confirm(question)
    except typer.Abort:
        typer.echo()
        return False


def _name(asked: "Asked") -> str:
    from console.custody_page import describe
    from console.neutral import neutral_line

    return neutral_line(describe(asked.asker))


@contextmanager
def _opened(
    envelope: Path, identities: "Sequence[Identity]", signers: "Sequence[VerifyKey]" = ()
) -> "Iterator[BagReader]":
    from crypto.bag_reader import BagReader
    from crypto.envelope import open_seekable

    with envelope.open("rb") as file, open_seekable(file, identities) as payload:
        yield BagReader(payload, signers=signers)
