"""Recovery shares of the root key: sheets, some of which make root.age again."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import BinaryIO

from console.errors import OtherKeyError, UnreadableRootError
from console.roster_book import SignedRoster, fingerprint_text, read_start
from console.share_sheet import ShareSheet, write_sheets
from crypto.errors import (
    KeyFormatError,
    MalformedIdentityFileError,
    UnsignedRosterError,
    WrongPassphraseError,
)
from crypto.minisign import SigningKey
from crypto.passphrase_file import MAX_FILE_BYTES
from crypto.root_key_file import open_root_key
from crypto.shares import Share, join_shares, split_secret
from disk.files import new_file_at

_KEY = "the root key, which says who may read"
_USE = (
    "candor roster recover --share FILE --share FILE --roster roster.json --out root.age, on a"
    " machine without a network; or without --share, and the words are typed."
)


def load_root(path: Path, passphrase: str) -> SigningKey:
    """Open a root key's file.

    Raises:
        UnreadableRootError: not a root key, or another passphrase; says which file.
        OSError: it cannot be read.
    """
    try:
        return open_root_key(read_start(path, MAX_FILE_BYTES + 1), passphrase)
    except WrongPassphraseError:
        raise UnreadableRootError(f"{path}: wrong passphrase") from None
    except MalformedIdentityFileError as error:
        raise UnreadableRootError(f"{path}: {error}") from None


def write_root_shares(
    directory: Path, root: SigningKey, threshold: int, count: int, *, today: date
) -> list[Path]:
    """Split a root key, and write a sheet for each share.

    Args:
        directory: made if it is not there; nothing in it is overwritten.
        root: the key.
        threshold: how many will be needed.
        count: how many there will be.
        today: stands on the sheets.

    Raises:
        OutputError: a name is taken, or others may write into the directory.
        ValueError: the numbers cannot be.
    """
    sheets = {
        f"root-share-{share.number}.txt": ShareSheet(
            share, count, _KEY, root.verify_key, today, _USE
        )
        for share in split_secret(root.seed, threshold, count)
    }
    return write_sheets(directory, sheets)


def recover_root(shares: Sequence[Share], roster: Path) -> SigningKey:
    """Join shares to the root key that signed a roster.

    Args:
        shares: as many as are needed, or more.
        roster: any roster of the service, of any day; its signature lies beside it.

    Raises:
        ShareError: they cannot be joined.
        OtherKeyError: they make another key.
        RosterError: the roster is malformed.
        OSError: it cannot be read.
    """
    secret = join_shares(shares)
    try:
        root = SigningKey(secret)
        SignedRoster.read(roster, root.verify_key)
    except (KeyFormatError, UnsignedRosterError) as error:
        raise OtherKeyError(
            f"{roster}: {error}; the shares make a key, and it is not the one that signed this:"
            " they may be of a channel, or of another service"
        ) from None
    return root


@contextmanager
def new_root_file(path: Path, root: SigningKey) -> Iterator[BinaryIO]:
    """Write root.age, and root.pub beside it if it is missing; both when the block ends well.

    Raises:
        OutputError: the name is taken.
        OtherKeyError: the public line beside it is another key's.
    """
    public = path.with_suffix(".pub")
    with ExitStack() as files:
        if not public.exists():
            files.enter_context(new_file_at(public)).write(
                fingerprint_text(root.verify_key).encode("ascii")
            )
        elif root.verify_key.serialize() not in public.read_text("utf-8", "replace").split():
            raise OtherKeyError(f"{public} is the fingerprint of another key: name another file")
        yield files.enter_context(new_file_at(path))
