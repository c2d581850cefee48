"""What a courier asks of a service, by name; every answer is read before it is believed."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from courier import paths
from courier.client import Body, Client
from courier.errors import AlteredError
from crypto.checkpoint import NoteSignature
from crypto.errors import DamagedBagError, MalformedLogError
from crypto.inbound import RosterDocument
from crypto.log_day import MAX_DAY_BYTES, LogDay, parse_day
from crypto.roster_entries import FormReference
from crypto.signed_roster import MAX_ROSTER_BYTES
from crypto.strict_json import parse_json

MAX_FORM_BYTES = 256 * 1024
MAX_SIGNATURE_BYTES = 1024
_MAX_ANSWER_BYTES = 4096
_BLOCK_BYTES = 1 << 16
_TEXT, _ZIP = "text/plain; charset=utf-8", "application/zip"


class _UnreadableError(AlteredError):
    """What came is not in its format."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """How many envelopes of a bundle the service took now, and had taken before."""

    now: int
    before: int


@dataclass(frozen=True, slots=True)
class Service:
    """The listener for couriers of one service."""

    client: Client

    def roster(self) -> RosterDocument:
        """Fetch the roster in force; it is not verified here."""
        document = self.client.get(paths.ROSTER, max_bytes=MAX_ROSTER_BYTES)
        signature = self.client.get(paths.ROSTER_SIGNATURE, max_bytes=MAX_SIGNATURE_BYTES)
        return RosterDocument(document, signature)

    def form(self, form: FormReference) -> bytes:
        """Fetch a form that the roster names.

        Raises:
            AlteredError: not the one whose hash the roster signs.
        """

        def attempt() -> bytes:
            path = paths.form_path(form_file(form))
            with self.client.answer("GET", path) as answer:
                data = b"".join(self.client.blocks(answer, max_bytes=MAX_FORM_BYTES))
            if hashlib.sha256(data).digest() != form.sha256:
                raise AlteredError("a form came that is not the one that the roster names")
            return data

        return self.client.patiently(attempt)

    def day(self, channel: str, day: date) -> LogDay:
        """Fetch a day of a log; whether it continues what was seen is the caller's question.

        Raises:
            NotThereError: the service has no such day, or not yet.
            MalformedLogError: what comes is no day of a log, time and again.
            AlteredError: another day, time and again.
        """

        def attempt() -> LogDay:
            with self.client.answer("GET", paths.day_path(channel, day)) as answer:
                data = b"".join(self.client.blocks(answer, max_bytes=MAX_DAY_BYTES))
            try:
                found = parse_day(data)
            except MalformedLogError as error:
                raise _UnreadableError(f"{error}") from None
            if found.day != day:
                raise AlteredError("a day of the log came that is not the one that was asked for")
            return found

        try:
            return self.client.patiently(attempt)
        except _UnreadableError as error:
            raise MalformedLogError(f"{error}") from None

    def cosign(self, channel: str, day: date, signature: NoteSignature) -> None:
        """Hand in this courier's signature of a day's head."""
        body = _body_of(signature.serialize().encode())
        path = paths.cosignature_path(channel, day)
        self.client.send("PUT", path, body, max_bytes=_MAX_ANSWER_BYTES)

    def deliver(self, bundle: Path) -> Delivered:
        """Hand in an outbound bundle; twice does no harm.

        Raises:
            RefusedError: not signed by a reviewer of the service's roster, or damaged.
        """
        answer = self.client.send(
            "POST", paths.BUNDLES, _body_of_file(bundle), max_bytes=_MAX_ANSWER_BYTES
        )
        try:
            match parse_json(answer, "the answer"):
                case {"delivered": int(now), "already": int(before)}:
                    return Delivered(now, before)
        except DamagedBagError:
            pass
        raise AlteredError("the service does not say how many it delivered")


def form_file(form: FormReference) -> str:
    """Name the file of a form."""
    return f"{form.id}-{form.version}.toml"


def _body_of(data: bytes) -> Body:
    return Body(len(data), hashlib.sha256(data).digest(), _TEXT, lambda: iter([data]))


def _body_of_file(path: Path) -> Body:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").digest()
        size = file.tell()

    def blocks() -> Iterator[bytes]:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                yield block

    return Body(size, sha256, _ZIP, blocks)
