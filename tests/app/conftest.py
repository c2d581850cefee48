"""One service in this process for a test module, with a client that speaks ASGI to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.factory import create_app
from app.state import Service
from tests.app.forms import file, report
from tests.support.service import House, make_house

ORIGIN = "http://candor.test"


@dataclass(frozen=True)
class Web:
    """A service and a client; `client` raises nothing that a browser would not see."""

    house: House
    service: Service
    client: TestClient

    def post_form(self, body: bytes, path: str = "/en/report/general", boundary: str = "b"):
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self.client.post(path, content=body, headers=headers, follow_redirects=False)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    house = make_house(tmp_path / "house", origin=ORIGIN)
    with house.open(report_limit=3 << 20) as service:
        app = create_app(service)
        yield Web(house, service, TestClient(app, ORIGIN, raise_server_exceptions=False))


@pytest.fixture
def sent(web: Web) -> str:
    """The page after a report with one file, that the press may read and nobody else."""
    fields = [("reader", "press"), ("report", "what I saw")]
    assert web.post_form(report(file("a.txt", b"x" * 2048), fields=fields)).status_code == 303
    return web.client.get("/en/sent").text
