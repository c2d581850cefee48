"""Several at once: sources, processes, and a service that is told to stop meanwhile."""

import random
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.crash.crowd import Crowd
from tests.crash.examine import Examiner
from tests.support.nursery import forked_service
from tests.support.service import ROOT, House, free_port, make_house, serve_command


@pytest.fixture
def house(tmp_path: Path) -> House:
    port = free_port()
    return make_house(tmp_path / "house", origin=f"http://127.0.0.1:{port}", port=port)


def test_many_at_once_each_arrive_once(house: House) -> None:
    crowd, examiner = Crowd(house, random.Random(0)), Examiner(house)
    sizes = [0, 1, 65_535, 300_000, 9 << 20] * 4
    with forked_service(house):
        threads = [threading.Thread(target=crowd.send, args=(size,)) for size in sizes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert crowd.answers == [303] * len(sizes)
    examiner.require_whole(crowd.sent, crowd.arrived)
    examiner.require_no_orphans()
    assert len(examiner.stored) == len(sizes)


def test_a_service_told_to_stop_finishes_what_is_on_its_way(house: House) -> None:
    crowd, examiner = Crowd(house, random.Random(0)), Examiner(house)
    with forked_service(house) as process, crowd.sending(people=4):
        time.sleep(0.5)
        assert process.pid is not None
        process.terminate()
        process.join()
        assert process.exitcode == 0
    # nothing that was on its way is lost: only those who came too late have no answer
    assert set(crowd.answers) == {303}
    examiner.require_whole(crowd.sent, crowd.arrived)
    examiner.require_no_orphans()
    assert examiner.stored.keys() == crowd.arrived


def test_a_second_service_on_the_same_directory_does_not_start(house: House) -> None:
    """It would sweep away what the first is writing."""
    crowd, examiner = Crowd(house, random.Random(0)), Examiner(house)
    with forked_service(house), crowd.sending(people=2):
        second = subprocess.run(serve_command(house), cwd=ROOT, capture_output=True, check=False)
        assert second.returncode == 1
    examiner.require_whole(crowd.sent, crowd.arrived)
    assert set(crowd.answers) == {303}
