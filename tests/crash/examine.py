"""What must hold of a data directory, whatever happened to the service."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field

from crypto.bag_reader import BagReader
from crypto.envelope import open_seekable
from intake.service import Intake
from tests.crash.crowd import Sent
from tests.support.service import CHANNEL, House


@dataclass
class Examiner:
    """Opens what is new in a directory, as a reviewer would, and keeps count of it."""

    house: House
    stored: dict[str, bytes] = field(default_factory=dict)  # hash of the envelope, by text

    def require_whole(self, sent: dict[str, Sent], arrived: set[str]) -> None:
        """Hold that what is stored was sent, whole, and that nothing that arrived is lost."""
        with Intake(self.house.settings.data) as intake:
            envelopes = {e.hash for e in intake.envelopes(CHANNEL, open_day=True)}
            assert envelopes >= set(self.stored.values())
            for digest in envelopes - set(self.stored.values()):
                file = open_seekable(intake.open_envelope(digest), [self.house.readers["press"]])
                bag = BagReader(file)
                bag.verify()
                assert bag.text not in self.stored
                assert tuple(a.sha256 for a in bag.attachments) == sent[bag.text].files
                self.stored[bag.text] = digest
        assert arrived <= self.stored.keys()

    def require_no_orphans(self) -> None:
        """Hold that each file belongs to a row, and each row has its files."""
        database = self.house.settings.data / "candor.sqlite3"
        with closing(sqlite3.connect(database)) as connection:
            rows = connection.execute("SELECT blob, segments FROM envelope").fetchall()
            left = connection.execute("SELECT count(*) FROM discarded").fetchone()[0]
        named = {f"{blob}.{number:05}" for blob, segments in rows for number in range(segments)}
        assert {path.name for path in self.house.stored()} == named
        assert len(rows) == len(self.stored)
        assert left == 0
