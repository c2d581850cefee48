"""The real service in this process, at both of its places, with a clock that a test turns."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.courier_app import create_courier_app
from app.factory import create_app
from app.opening import open_service
from app.roster_watch import RosterWatch
from app.server import CandorServer, make_server
from app.state import Service
from crypto.log_day import LogDay, parse_day
from intake.values import Door
from tests.courier.support import Errand, make_errand
from tests.intake.support import Calendar
from tests.support.couriers import KEYS, VAN, make_courier_house, make_envelope, today
from tests.support.service import CHANNEL, House, write_roster

START = timedelta(days=6)


@dataclass
class Real:
    """A running service, as its operator and its sources have it."""

    house: House
    watch: RosterWatch
    calendar: Calendar

    @property
    def service(self) -> Service:
        return self.watch.service

    @property
    def courier_origin(self) -> str:
        return f"http://127.0.0.1:{self.house.settings.courier_port}"

    def receive(self, size: int = 1, channel: str = CHANNEL) -> bytes:
        """Let an envelope arrive; return its hash."""
        door = Door(channel, frozenset({16}))
        return self.service.intake.receive(door, [make_envelope(size)])

    def close_day(self) -> None:
        """Let midnight pass."""
        self.calendar.turn()
        self.service.intake.run_batch(self.service.log_signer)

    def last_day(self, channel: str = CHANNEL) -> LogDay:
        day = self.calendar.day - timedelta(days=1)
        return parse_day(self.service.intake.log_day(channel, day))

    def day_file(self, day: LogDay, channel: str = CHANNEL) -> Path:
        return self.house.settings.data / "log" / channel / f"{day.day}.json"

    def sign_roster(self, **changes: Any) -> None:
        """Put the next roster in its place, and let the service find it."""
        write_roster(self.house, self.service.roster, **changes)
        self.watch.look()

    def errand(self, place: Path, origin: str | None = None) -> Errand:
        """Send the van."""
        place.mkdir(exist_ok=True)
        root = self.house.root.verify_key.serialize()
        return make_errand(place, origin or self.courier_origin, root=root, key=KEYS[VAN])


@contextlib.contextmanager
def real_service(directory: Path) -> Iterator[Real]:
    """Serve sources and couriers until the block ends."""
    house = make_courier_house(directory)
    calendar = Calendar(today() - START)
    with open_service(house.settings, today=calendar) as service:
        apps = [create_app(service), create_courier_app(service)]

        def use(renewed: Service) -> None:
            for app in apps:
                app.state.service = renewed

        places = (house.settings.place, house.settings.courier_place)
        servers = [
            make_server(app, house.settings, place)
            for app, place in zip(apps, places, strict=True)
            if place is not None
        ]
        with _running(servers):
            yield Real(house, RosterWatch(service, use), calendar)


@contextlib.contextmanager
def _running(servers: list[CandorServer]) -> Iterator[None]:
    async def serve() -> None:
        await asyncio.gather(*(server.serve() for server in servers))

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        deadline = time.monotonic() + 30
        while not all(server.started for server in servers) and time.monotonic() < deadline:
            time.sleep(0.01)
        yield
    finally:
        for server in servers:
            server.should_exit = True
        thread.join()
