from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.courier.listener import Listener, listening
from tests.courier.support import Errand, make_errand


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as serving:
        yield serving


@pytest.fixture
def errand(tmp_path: Path, listener: Listener) -> Errand:
    return make_errand(tmp_path, listener.origin)
