"""What a running service holds, and how a route comes by it."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from app.buffers import Budget
from app.courier_desk import CourierDesk
from app.doors import channel_door
from app.errors import Reason, Refusal
from app.languages import Languages
from app.log_signing import log_signer
from app.roster_file import RosterFile
from app.session import SessionBox
from app.settings import Settings
from app.stretch import Stretcher
from app.uploads import Uploads
from crypto.minisign import SigningKey
from crypto.roster import Channel, FormReference, Roster
from forms.form import FILES, MAIN_TEXT, READERS, Form, Kind
from forms.loader import form_documents
from intake.days import utc_today
from intake.log_signer import LogSigner
from intake.service import Intake
from intake.values import Door


@dataclass(frozen=True, slots=True)
class Service:
    """Everything that outlives a request.

    A newer roster makes a new value; each request keeps the one that it began with.

    Attributes:
        signed_roster: the roster in force, and its bytes.
        earlier: rosters that were in force and have not expired: what was sealed under one of them
            is still taken.
        log_key: signs the heads of the log; the roster in force names its public half.
        forms: the form of each channel, by the channel's id, as its source is asked.
        sealing: the threads that parse, seal and store what arrives.
        budget: what uploads may hold in memory beyond their small buffers.
        desk: what answering couriers takes.
        today: the only clock that reaches a document, and it knows no hours.
    """

    settings: Settings
    signed_roster: RosterFile
    earlier: tuple[Roster, ...]
    log_key: SigningKey
    intake: Intake
    forms: Mapping[str, Form]
    languages: Languages
    sessions: SessionBox
    stretcher: Stretcher
    uploads: Uploads
    sealing: ThreadPoolExecutor
    budget: Budget
    desk: CourierDesk
    today: Callable[[], date] = field(default=utc_today)

    @property
    def roster(self) -> Roster:
        """The roster in force."""
        return self.signed_roster.roster

    @property
    def log_signer(self) -> LogSigner:
        """What the batch may log, and with which key."""
        return log_signer(self.roster, self.log_key)

    @property
    def is_closed(self) -> bool:
        """Whether the roster has expired: then there is nobody to seal anything to."""
        return self.today() > self.roster.expires

    def channel(self, channel_id: str) -> Channel:
        """Find a channel by its id.

        Raises:
            Refusal: the roster has no such channel.
        """
        for channel in self.roster.channels:
            if channel.id == channel_id:
                return channel
        raise Refusal(Reason.UNKNOWN_CHANNEL)

    def form_document(self, name: str) -> bytes:
        """Give the file of a form, by the name `<id>-<version>.toml`.

        Raises:
            Refusal: no channel of the roster names this form.
        """
        for channel in self.roster.channels:
            if form_file(channel.form) == name:
                return form_documents()[channel.form.sha256]
        raise Refusal(Reason.NOT_FOUND)

    def report_form(self, channel: Channel) -> Form:
        """Give what a new report is asked, in this service and at this channel."""
        # nobody to seal an identity to; no reader to choose where they share one key
        left_out = [Kind.IDENTITY] if self.roster.custodian is None else []
        if channel.threshold > 1:
            left_out.append(Kind.READERS)
        return self.forms[channel.id].without(*left_out)

    def message_form(self, channel: Channel) -> Form:
        """Give what a message in a mailbox is asked: its text, its readers and its files."""
        return _keep(self.report_form(channel), {READERS, MAIN_TEXT, FILES})

    def door(self, channel: Channel) -> Door:
        """Give the door at which this channel's envelopes come in."""
        return channel_door(channel, self.earlier)


def _keep(form: Form, ids: set[str]) -> Form:
    from dataclasses import replace

    sections = [
        replace(section, fields=tuple(field for field in section.fields if field.id in ids))
        for section in form.sections
    ]
    return replace(form, sections=tuple(section for section in sections if section.fields))


def form_file(form: FormReference) -> str:
    """Name the file of a form, as the service and bundles carry it."""
    return f"{form.id}-{form.version}.toml"


def service_of(request: Request) -> Service:
    """Find the service that answers this request, the same one until it is answered."""
    service: Service = request.scope.setdefault("candor", request.app.state.service)
    return service


ServiceDep = Annotated[Service, Depends(service_of)]
