"""The one report that goes both ways, and how Candor seals, takes and opens it."""

import io
from datetime import date

from app.sealing import Order, Sealing
from crypto.bag_info import BagKind
from crypto.bag_reader import BagReader
from crypto.envelope import open_seekable
from forms.form import MAIN_TEXT
from forms.loader import default_form
from intake.values import Door
from tests.stranger import age, bags, client
from tests.support.service import CHANNEL

ORIGIN = "http://127.0.0.1:8080"
TODAY = date(2026, 11, 23)
PASSPHRASE = "верные слова"
FILES = (
    ("доклад.PDF", "application/PDF; x=1", b"%PDF-1.7 " * 9000),
    ("evil\u202efdp.exe", "nonsense", b"MZ"),
    ("пусто", "text/plain", b""),
)
SUBMISSION = client.Submission(
    CHANNEL,
    "Что видели у ворот.\nSecond line.\n",
    {"where": "У ворот", "ongoing": "yes", "matter": ["abuse", "other"]},
    FILES,
    "Имя: нет",
)


def door(slots=16):
    return Door(CHANNEL, frozenset({slots}))


def receive(service, envelope, slots=16):
    """Let the service take an envelope in two pieces, and give it out again as it rests there."""
    digest = service.intake.receive(door(slots), [envelope[:1000], envelope[1000:]])
    assert digest.hex() == bags.sha256(envelope)
    with service.intake.open_envelope(digest) as file:
        return file.read()


def bag_of(envelope, identity):
    """Open and verify a source's bag as the console does."""
    bag = BagReader(open_seekable(io.BytesIO(envelope), [identity]))
    bag.verify()
    return bag


def stranger(identity):
    return age.Identity(identity.seed)


def seal_as_candor(service, theirs, *, kind=BagKind.REPORT, readers=("press",)):
    """Seal what SUBMISSION says as the service does on arrival."""
    form = default_form()
    values = {MAIN_TEXT: [SUBMISSION.text], "where": [SUBMISSION.answers["where"]]}
    assert set(values) <= {field.id for field in form.fields}
    order = Order(kind, service.channel(CHANNEL), form, "ru")
    known = hashes(service)
    sealing = Sealing(service, order, values, readers)
    for name, claimed, content in FILES:
        sealing.submission.begin_attachment(name, claimed)
        sealing.submission.write(content)
        sealing.submission.end_attachment()
    sealing.commit(theirs)
    (new,) = hashes(service) - known
    with service.intake.open_envelope(new) as file:
        return file.read()


def hashes(service):
    return {envelope.hash for envelope in service.intake.envelopes(CHANNEL, open_day=True)}
