from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.service import Intake
from tests.intake.drill import World, copy_world, make_world
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


@pytest.fixture(scope="session")
def made_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("drill"))


@pytest.fixture
def world(made_world: World, tmp_path: Path) -> World:
    """A server, its backup of a week ago, and what a courier carried away."""
    return copy_world(made_world, tmp_path)


@pytest.fixture
def backup(world: World) -> Iterator[Intake]:
    """The server as it comes back from the backup."""
    with opened(world.backup, world.calendar) as intake:
        yield intake
