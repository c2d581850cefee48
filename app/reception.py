"""The one streaming pass, from the socket to the segments.

    socket -> buffers -> threads -> multipart -> checks -> bag -> age -> segments

The event loop only copies what arrives; everything else happens in threads. The key stretch starts
when the form is accepted, goes on beside the upload, and is needed only at its end. Whatever goes
wrong, and also when the source is gone, leaves nothing.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from starlette.requests import Request

from app.acceptance import chosen_readers, problems_of
from app.body import Pump, in_thread
from app.errors import Problem, Reason, Refusal, RefusedForm
from app.form_stream import FormStream, Limits, Values
from app.languages import Language
from app.multipart import (
    MultipartError,
    MultipartReader,
    NotMultipartError,
    TooManyPartsError,
    parse_boundary,
)
from app.sealing import Order, Sealing
from app.sender import MailboxSender, NewSender, Sender
from app.state import Service
from crypto.bag_info import BagKind
from crypto.codename import Codename
from crypto.roster import Channel
from crypto.source_keys import SourceKeys
from crypto.submission import SubmissionWriter
from forms.form import FILES
from intake.values import EnvelopeHash

# what the parts' own headers add to a body; beyond it Content-Length alone refuses
_OVERHEAD_BYTES: Final = 1 << 20
_Done = TypeVar("_Done")
_MULTIPART_REASONS: Final = {
    MultipartError: Reason.BROKEN_FORM,
    NotMultipartError: Reason.NOT_A_FORM,
    TooManyPartsError: Reason.TOO_MANY_PARTS,
}


@dataclass(frozen=True, slots=True)
class Received:
    """What was stored.

    Attributes:
        keys: the sender's.
        envelope: by which it will stand in the log.
        readers: ids of the reviewers who can open it.
        files: the size of each, in their order.
    """

    keys: SourceKeys
    envelope: EnvelopeHash
    readers: tuple[str, ...]
    files: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReceivedReport(Received):
    """What was stored, and the new words that belong to it."""

    codename: Codename


async def receive_report(
    request: Request, service: Service, channel: Channel, language: Language
) -> ReceivedReport:
    """Seal a report as it arrives and store it.

    Raises:
        RefusedForm: something about it; nothing was stored.
        Refusal: something about the service; nothing was stored.
        StorageFullError, StorageError: it could not be stored.
        ClientDisconnect: the source is gone.
    """
    codename = Codename.generate(language.code)
    form = service.report_form(channel)
    order = Order(BagKind.REPORT, channel, form, language.code)
    reception = _Reception(service, order, NewSender(codename, service.stretcher))
    received = await reception.run(request)
    return ReceivedReport(
        received.keys, received.envelope, received.readers, received.files, codename
    )


async def receive_message(
    request: Request,
    service: Service,
    channel: Channel,
    language: Language,
    keys: SourceKeys | None,
) -> Received:
    """Seal a message of a mailbox as it arrives and store it.

    Args:
        request: what arrives.
        service: what it is sealed for.
        channel: whose reviewers may read it.
        language: of the page.
        keys: of the open mailbox; without one, the form must bring its words.

    Raises:
        As `receive_report`.
    """
    order = Order(BagKind.MESSAGE, channel, service.message_form(channel), language.code)
    sender = MailboxSender(keys, language.code, service.stretcher)
    return await _Reception(service, order, sender).run(request)


class _Reception:
    """One form on its way in."""

    def __init__(self, service: Service, order: Order, sender: Sender) -> None:
        self._service = service
        self._order = order
        self._sender = sender
        self._loop = asyncio.get_running_loop()
        self._deriving: asyncio.Task[SourceKeys] | None = None
        self._sealing: Sealing | None = None
        self._readers: tuple[str, ...] = ()
        self._is_too_large = False
        fields = {field.id for field in order.form.fields} - {FILES} | {*sender.fields}
        limits = Limits(fields, int(service.settings.report_limit))
        self._form = FormStream(limits, self._accept)

    async def run(self, request: Request) -> Received:
        """Receive the body, seal and store it."""
        if self._service.is_closed:
            raise Refusal(Reason.ROSTER_EXPIRED)
        with self._service.uploads.one():
            try:
                keys, envelope = await self._receive(request)
            except MultipartError as error:
                problem = Problem(None, _MULTIPART_REASONS[type(error)])
                raise RefusedForm([problem], self._form.values) from None
            finally:
                await self._leave()
        return Received(keys, envelope, self._readers, tuple(self._form.file_sizes))

    async def _receive(self, request: Request) -> tuple[SourceKeys, EnvelopeHash]:
        self._is_too_large = self._announces_too_much(request)
        reader = MultipartReader(
            parse_boundary(request.headers.get("content-type", "")), self._form
        )

        def work(block: bytearray) -> None:
            self._require_turn()
            reader.write(block)

        def finish() -> None:
            reader.finish()
            self._form.finish()

        await Pump(work, self._service.sealing, self._service.budget).run(request.stream())
        await self._in_thread(finish)
        return await self._commit()

    def _announces_too_much(self, request: Request) -> bool:
        """Tell whether the header says that it is too large; the texts are taken even so."""
        length = request.headers.get("content-length", "")
        limit = int(self._service.settings.report_limit) + _OVERHEAD_BYTES
        return length.isdecimal() and int(length) > limit

    def _require_turn(self) -> None:
        """Refuse in the middle of an upload when the stretch was refused its turn."""
        if self._deriving is not None and self._deriving.done():
            self._deriving.result()

    def _accept(self, values: Values, has_file: bool) -> SubmissionWriter:  # noqa: FBT001 - a callback
        """Check the answers and begin to seal, in a thread; start the stretch beside it."""
        channel, form = self._order.channel, self._order.form
        problems = [Problem(FILES, Reason.TOO_LARGE)] if self._is_too_large else []
        problems += self._sender.problems(values)
        answers = {name: texts for name, texts in values.items() if name not in self._sender.fields}
        problems += problems_of(channel, form, answers, has_file=has_file)
        if problems:
            raise RefusedForm(problems, values)
        self._readers = chosen_readers(channel, answers)
        self._loop.call_soon_threadsafe(self._start_deriving)
        self._sealing = Sealing(self._service, self._order, answers, self._readers)
        return self._sealing.submission

    def _start_deriving(self) -> None:
        self._deriving = self._loop.create_task(self._sender.keys())

    async def _commit(self) -> tuple[SourceKeys, EnvelopeHash]:
        if self._deriving is None or self._sealing is None:
            raise RuntimeError("a form was finished without being accepted")
        keys = await self._deriving
        return keys, await self._in_thread(partial(self._sealing.commit, keys))

    async def _leave(self) -> None:
        """Leave nothing that was not committed, also when we are being cancelled."""
        if self._deriving is not None:
            self._deriving.cancel()
        if self._sealing is not None:
            await self._in_thread(self._sealing.abandon)

    async def _in_thread(self, work: Callable[[], _Done]) -> _Done:
        return await in_thread(self._service.sealing, work)
