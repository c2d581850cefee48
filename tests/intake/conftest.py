from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.service import Intake
from tests.intake.support import Calendar, opened


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def intake(directory: Path, calendar: Calendar) -> Iterator[Intake]:
    with opened(directory, calendar) as intake:
        yield intake
