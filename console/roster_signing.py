"""Keep a draft, and sign it as the next roster: each step leaves a directory that is whole."""

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from console.errors import RosterBookError
from console.roster_book import (
    DRAFT_FILE,
    ROOT_FILE,
    ROSTER_FILE,
    SIGNATURE_FILE,
    RosterBook,
    SignedRoster,
    history_name,
    open_book,
    read_start,
    same_content,
    signature_name,
)
from crypto.errors import MalformedIdentityFileError, MalformedRosterError, WrongPassphraseError
from crypto.minisign import SigningKey
from crypto.passphrase_file import MAX_FILE_BYTES
from crypto.root_key_file import open_root_key
from crypto.roster import Reviewer, Roster
from crypto.signed_roster import parse_roster, serialize_roster, sign_roster
from disk.files import new_file, private_directory, replaced_file_at


def write_draft(book: RosterBook, roster: Roster) -> RosterBook:
    """Keep what is to be signed next; what is as the last signed roster is no draft.

    Raises:
        OutputError: others may write into the directory.
    """
    path = book.directory / DRAFT_FILE
    nothing = same_content(roster, book.newest)
    with private_directory(book.directory):
        if nothing:
            path.unlink(missing_ok=True)
        else:
            with replaced_file_at(path) as file:
                file.write(serialize_roster(roster))
    return replace(book, draft=None if nothing else roster)


def next_roster(book: RosterBook, *, today: date, valid_days: int | None = None) -> Roster:
    """Say what would be signed today.

    Args:
        book: the ceremony's directory.
        today: the day of issue.
        valid_days: for how long; None for as long as the one before.

    Raises:
        RosterBookError: the clock is wrong, or it would hold too long.
    """
    newest = book.newest
    if today < newest.issued:
        raise RosterBookError(
            f"this machine's clock says {today}, and roster {newest.serial} is of {newest.issued}:"
            " set the clock"
        )
    days = (newest.expires - newest.issued).days if valid_days is None else valid_days
    draft = book.next
    try:
        return replace(
            draft,
            issued=today,
            expires=today + timedelta(days=days),
            reviewers=tuple(_without_past_keys(one, today) for one in draft.reviewers),
            custodian=draft.custodian and _without_past_keys(draft.custodian, today),
        )
    except (MalformedRosterError, OverflowError) as error:
        raise RosterBookError(f"no roster can be signed like this: {error}") from None


def unlock_root(book: RosterBook, passphrase: str) -> SigningKey:
    """Open the root key.

    Raises:
        RosterBookError: another passphrase, or another service's root key.
    """
    path = book.directory / ROOT_FILE
    try:
        root = open_root_key(read_start(path, MAX_FILE_BYTES + 1), passphrase)
    except FileNotFoundError:
        raise RosterBookError(
            f"there is no {path}: bring the root key to this directory before signing"
        ) from None
    except WrongPassphraseError:
        raise RosterBookError(f"{path}: wrong passphrase; nothing was signed") from None
    except MalformedIdentityFileError as error:
        raise RosterBookError(f"{path}: {error}; put a good copy in its place") from None
    if root.verify_key != book.newest.root:
        raise RosterBookError(f"{path} is the root key of another service; nothing was signed")
    return root


def sign_next(book: RosterBook, roster: Roster, root: SigningKey) -> RosterBook:
    """Sign a roster, keep it and those before it, and put it where it is published from.

    Args:
        book: the ceremony's directory.
        roster: what `next_roster` gave.
        root: the service's root key.

    Raises:
        MalformedRosterError: it is longer than a reader takes.
        OutputError: others may write into the directory, or the serial was used meanwhile.
    """
    document, signature = sign_roster(roster, root)
    parse_roster(document, signature, root.verify_key, today=roster.issued, origin=None)
    with private_directory(book.directory) as descriptor:
        with replaced_file_at(book.directory / DRAFT_FILE) as file:
            file.write(document)  # so that a draft left behind is seen to be signed
        for signed in (*book.history, SignedRoster(roster, document, signature)):
            _keep(book.directory, descriptor, signed)
    return settle(open_book(book.directory))


def settle(book: RosterBook) -> RosterBook:
    """Do what an interrupted signing left undone: publish the newest roster, drop its draft."""
    newest = book.history[-1]
    if not book.published:
        with replaced_file_at(book.directory / SIGNATURE_FILE) as file:
            file.write(newest.signature)
        with replaced_file_at(book.directory / ROSTER_FILE) as file:
            file.write(newest.document)
    if book.draft is None:
        (book.directory / DRAFT_FILE).unlink(missing_ok=True)
    return replace(book, published=True)


def discard_draft(directory: Path) -> bool:
    """Throw away what is not signed; tell whether there was anything."""
    with suppress(FileNotFoundError):
        (directory / DRAFT_FILE).unlink()
        return True
    return False


def _keep(directory: Path, descriptor: int, signed: SignedRoster) -> None:
    """Write a signed roster under its serial; the document last, and with it the roster exists."""
    name = history_name(signed.roster.serial)
    if (directory / name).exists() and read_start(directory / name, -1) == signed.document:
        return
    with new_file(descriptor, name) as file:
        with replaced_file_at(directory / signature_name(name)) as other:
            other.write(signed.signature)
        file.write(signed.document)


def _without_past_keys(person: Reviewer, today: date) -> Reviewer:
    kept = tuple(former for former in person.former_keys if today <= former.until)
    return replace(person, former_keys=kept)
