"""Check envelopes and bags, and say how far the check could go."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from console.progress import byte_meter
from console.unpacked import UnpackedBag
from crypto.bag_reader import BagReader
from crypto.envelope import open_seekable
from crypto.errors import DamagedEnvelopeError, MalformedEnvelopeError
from crypto.header import parse_header
from crypto.keys import Identity
from crypto.minisign import VerifyKey
from crypto.padding import is_padded
from crypto.payload import plaintext_bytes
from crypto.stanza import HybridStanza, recognise_all

_ZIP_START = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Checked:
    """What held.

    Attributes:
        lines: one for each check, in words.
        whole: everything was checked, not the form alone.
    """

    lines: tuple[str, ...]
    whole: bool


def verify(path: Path, identities: Sequence[Identity], signers: Sequence[VerifyKey]) -> Checked:
    """Check an envelope, the ZIP of a bag, or a bag's directory.

    Raises:
        CandorError: what does not hold.
    """
    with _bag_file(path, identities) as bag:
        if bag is not None:
            return _verify_bag(path, BagReader(bag, signers=signers))
    with path.open("rb") as file:
        return _verify_form(file)


@contextmanager
def _bag_file(path: Path, identities: Sequence[Identity]) -> Iterator[io.RawIOBase | None]:
    """Come to the ZIP of a bag; there is no way to that of an envelope without an identity."""
    if path.is_dir():
        with UnpackedBag(path) as unpacked:
            yield unpacked
        return
    with path.open("rb", buffering=0) as file:
        if file.read(len(_ZIP_START)) == _ZIP_START:
            yield file
        elif identities:
            with path.open("rb") as envelope, open_seekable(envelope, identities) as payload:
                yield payload
        else:
            yield None


def _verify_bag(path: Path, bag: BagReader) -> Checked:
    with byte_meter(f"Checking {path.name}", bag.bytes_to_verify) as meter:
        bag.verify(meter)
    files = len(bag.attachments)
    return Checked(
        (
            f"a bag of kind {bag.kind} for channel {bag.channel}",
            f"signed by {bag.signer.serialize()}",
            f"structure, manifests, padding and {files} attachment{'s' * (files != 1)}",
        ),
        whole=True,
    )


def _verify_form(file: BinaryIO) -> Checked:
    """Check what everybody can see of an envelope."""
    header = parse_header(file)
    hybrid = [isinstance(stanza, HybridStanza) for stanza in recognise_all(header.stanzas)]
    if not all(hybrid):
        raise MalformedEnvelopeError("not an envelope of Candor: a stanza of another kind")
    size = plaintext_bytes(file.seek(0, io.SEEK_END) - header.length)
    if not is_padded(size):
        raise DamagedEnvelopeError("the length is not one that padding produces: cut short?")
    return Checked((f"{len(hybrid)} slots, padded to {size} bytes",), whole=False)
