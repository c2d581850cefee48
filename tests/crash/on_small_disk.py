"""What happens on a disk that is full; collected and run by `test_full_disk`, in a mount namespace.

CANDOR_SMALL_DISK names two tmpfs: `disk` (40 MiB) and `rows` (2 MiB).
"""

import os
import random
import shutil
from pathlib import Path

import pytest

from tests.crash.crowd import Crowd, body_of, post
from tests.crash.examine import Examiner
from tests.support.nursery import forked_service, log_of
from tests.support.service import House, free_port, make_house

PLACE = Path(os.environ["CANDOR_SMALL_DISK"])
LARGE = 12 << 20


@pytest.fixture
def house(tmp_path: Path) -> House:
    port = free_port()
    return make_house(tmp_path / "house", origin=f"http://127.0.0.1:{port}", port=port)


def put_on(disk: Path, path: Path) -> None:
    """Let a directory of the service lie on another disk."""
    shutil.move(path, disk / path.name)
    path.symlink_to(disk / path.name)


def fill_up(disk: Path, leave: int = 0) -> Path:
    """Let something else take all room but so much."""
    ballast = disk / "ballast"
    volume = os.statvfs(disk)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, volume.f_bavail * volume.f_frsize - leave)
    return ballast


def require_refused(house: House, size: int) -> None:
    """Hold that the answer is a plain page, and that nothing is left of what was sent."""
    before = house.stored()
    answer = post(house, body_of("refused", bytes(size)))
    assert answer.status == 507
    assert answer.getheader("content-type") == "text/html; charset=utf-8"
    assert house.stored() == before


def live_through(house: House, ballast_on: Path, leave: int) -> None:
    """Send until there is no room, make room, and go on."""
    crowd, examiner = Crowd(house, random.Random(0)), Examiner(house)
    with forked_service(house):
        assert [crowd.send(size) for size in (0, 100_000, LARGE)] == [303] * 3
        ballast = fill_up(ballast_on, leave)
        for size in (0, 100_000, LARGE):
            require_refused(house, size)
        examiner.require_whole(crowd.sent, crowd.arrived)
        ballast.unlink()
        assert crowd.send(LARGE) == 303
        examiner.require_whole(crowd.sent, crowd.arrived)
    with forked_service(house):
        examiner.require_whole(crowd.sent, crowd.arrived)
        examiner.require_no_orphans()
        assert len(examiner.stored) == 4
    assert "storage is full" in log_of(house).read_text()


def test_a_disk_without_any_room_takes_nothing_and_loses_nothing(house: House) -> None:
    put_on(PLACE / "disk", house.settings.data / "blobs")
    live_through(house, PLACE / "disk", leave=0)


def test_a_disk_that_fills_up_in_the_middle_of_a_report_keeps_nothing_of_it(house: House) -> None:
    put_on(PLACE / "disk", house.settings.data / "blobs")
    crowd, examiner = Crowd(house, random.Random(0)), Examiner(house)
    with forked_service(house):
        assert crowd.send(100_000) == 303
        # more than the reserve, so that it begins; less than its first segment
        ballast = fill_up(PLACE / "disk", leave=6 << 20)
        require_refused(house, LARGE)
        assert crowd.send(0) == 303
        ballast.unlink()
        assert crowd.send(LARGE) == 303
    with forked_service(house):
        examiner.require_whole(crowd.sent, crowd.arrived)
        examiner.require_no_orphans()


def test_a_database_without_room_for_a_row_keeps_no_file_either(house: House) -> None:
    """The segments are there by then, on a disk with room; the commit is what fails."""
    blobs = house.settings.data / "blobs"
    put_on(PLACE / "disk", blobs)
    put_on(PLACE / "rows", house.settings.data)
    live_through(house, PLACE / "rows", leave=0)


def test_many_at_once_on_a_disk_that_fills_up_are_each_told_the_truth(house: House) -> None:
    put_on(PLACE / "disk", house.settings.data / "blobs")
    crowd, examiner = Crowd(house, random.Random(0)), Examiner(house)
    with forked_service(house), crowd.sending(people=6):
        while crowd.answers.count(507) < 5:
            crowd._over.wait(0.05)
    assert set(crowd.answers) == {303, 507}
    with forked_service(house):
        examiner.require_whole(crowd.sent, crowd.arrived)
        examiner.require_no_orphans()
        assert examiner.stored.keys() == crowd.arrived
