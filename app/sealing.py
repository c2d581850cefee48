"""One report or message being sealed, in threads only: bag -> age -> segments."""

from contextlib import ExitStack
from dataclasses import dataclass

from app.form_stream import Values
from app.state import Service
from crypto.bag_info import BagKind, Sealed
from crypto.envelope import EnvelopeWriter
from crypto.keys import Recipient
from crypto.roster import Channel
from crypto.source_keys import SourceKeys
from crypto.submission import SubmissionWriter
from forms.answers import identity_text, main_text, to_answers
from forms.form import Form
from intake.values import EnvelopeHash


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be sealed.

    Attributes:
        form: what was asked.
        language: of the page.
    """

    kind: BagKind
    channel: Channel
    form: Form
    language: str


class Sealing:
    """Seals an accepted form's texts at once and its files as they come, onto the disk.

    Nothing exists before `commit` returns; `abandon` removes every trace, and may come at any time.

    Args:
        values: valid answers to the order's form.
        readers: ids of the channel's reviewers who may read; none where they share a key.
    """

    def __init__(
        self, service: Service, order: Order, values: Values, readers: tuple[str, ...]
    ) -> None:
        self._custodian = service.roster.custodian
        self._identity_text = identity_text(order.form, values)
        with ExitStack() as undo:
            self._arrival = undo.enter_context(service.intake.begin(service.door(order.channel)))
            recipients = _recipients(service, order.channel, readers)
            self._envelope = EnvelopeWriter(self._arrival, recipients, slots=order.channel.slots)
            undo.callback(self._envelope.abandon)
            self.submission = SubmissionWriter(
                self._envelope,
                kind=order.kind,
                channel=order.channel.id,
                sealed=Sealed.ARRIVAL,
                text=main_text(values),
                answers=to_answers(
                    order.form,
                    values,
                    language=order.language,
                    day=service.today(),
                    readers=readers,
                ),
            )
            self._undo = undo.pop_all()

    def commit(self, keys: SourceKeys) -> EnvelopeHash:
        """Sign, seal the end, and make it exist: from here on the source may be told so."""
        custodian = self._custodian.recipient if self._custodian else None
        self.submission.finish(keys, identity_text=self._identity_text, custodian=custodian)
        self._envelope.close()
        return self._arrival.commit()

    def abandon(self) -> None:
        """Remove whatever was not committed, and wipe the keys."""
        self._undo.close()


def _recipients(service: Service, channel: Channel, readers: tuple[str, ...]) -> list[Recipient]:
    """Give the keys to seal to: the chosen reviewers', or the one they share."""
    if channel.recipient is not None:
        return [channel.recipient]
    return [
        reviewer.recipient
        for reviewer in service.roster.reviewers_of(channel)
        if reviewer.id in readers
    ]
