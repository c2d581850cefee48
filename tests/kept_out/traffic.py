"""Reports from which a reviewer was kept out, and decoys, through the real service."""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from app.decoys import send_decoy
from app.opening import open_service
from app.sealing import Order, Sealing
from app.serve import close_days
from app.state import Service
from crypto.bag_info import BagKind
from crypto.keys import Identity
from crypto.minisign import SigningKey
from crypto.padding import SMALLEST_BYTES
from crypto.roster import DecoyRange, Decoys
from crypto.source_keys import SourceKeys
from forms.form import MAIN_TEXT, READERS
from tests.support.service import CHANNEL, House, make_house, write_roster

KEPT_OUT, CHOSEN = "press", "lawyers"
DAYS = 4
# one bucket only: how often a decoy falls into each is another matter (docs/threat-model.md)
SMALL = Decoys(1000, (DecoyRange(SMALLEST_BYTES, 1),))

Send = Callable[[Service], object]


def decoy(service: Service) -> None:
    """Send one as the service does, but without waiting for a circuit."""
    send_decoy(service, lambda _seconds: None)


def report(service: Service) -> None:
    """Send a report without files that the one reviewer may read and the other may not.

    Everything but the HTTP and the stretch of the codename, which takes 0.1 s and makes keys that
    are as random as these.
    """
    channel = service.channel(CHANNEL)
    kind = random.choice([BagKind.REPORT, BagKind.REPORT, BagKind.MESSAGE])
    form = {BagKind.REPORT: service.report_form, BagKind.MESSAGE: service.message_form}[kind]
    text = random.choice(["What I saw. ", "Что я видел. "]) * random.randint(1, 1000)
    values = {READERS: [CHOSEN], MAIN_TEXT: [text]}
    order = Order(kind, channel, form(channel), random.choice(["en", "ru"]))
    sealing = Sealing(service, order, values, (CHOSEN,))
    try:
        sealing.commit(SourceKeys(os.urandom(32), Identity.generate(), SigningKey.generate()))
    finally:
        sealing.abandon()


def some_days_of(directory: Path, each: int, other: Send = decoy) -> House:
    """Let so many reports and others come in random order over some days; close these days."""
    house = make_house(directory, origin="http://candor.test")
    write_roster(house, house.roster, decoys=SMALL)
    arrivals: list[Send] = [report] * each + [other] * each
    random.shuffle(arrivals)
    for number in range(DAYS):
        with on_day(house, number) as service:
            for send in arrivals[number::DAYS]:
                send(service)
    with on_day(house, DAYS):
        return house


@contextmanager
def on_day(house: House, number: int) -> Iterator[Service]:
    """Open the service on a day, and close what came before."""
    day = house.roster.issued + timedelta(days=number)
    with open_service(house.settings, today=lambda: day) as service:
        assert close_days(service)
        yield service
