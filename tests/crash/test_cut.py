"""A body that is cut short, at whatever place and in whatever way, leaves nothing."""

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from tests.app.forms import field, file, form
from tests.crash.crowd import body_of, post
from tests.support.nursery import forked_service, log_of
from tests.support.service import House, free_port, make_house

PATIENCE_SECONDS = 30.0
FILES = [file("a.pdf", b"x" * 70_000), file("b", b"y" * 200_000), file("c", b"")]
BODY = form(field("reader", "press"), field("report", "cut"), field("where", "here"), *FILES)


def places() -> dict[str, int]:
    """Name the places at which a body can end."""
    first_file = BODY.index(b"filename")
    return {
        "before the first byte": 0,
        "in the first boundary": 2,
        "in a part's header": 20,
        "in a field": BODY.index(b"cut") + 1,
        "between two fields": BODY.index(b"--b", BODY.index(b"cut")),
        "in a file's header": first_file + 4,
        "at a file's start": BODY.index(b"\r\n\r\n", first_file) + 4,
        "in a file": BODY.index(b"xxx") + 69_000,
        "after a file": BODY.index(b"--b", BODY.index(b"xxx")),
        "in a later file": BODY.index(b"yyy") + 100_000,
        "before the closing boundary": len(BODY) - 7,
        "in the closing boundary": len(BODY) - 3,
    }


def head(house: House, framing: str) -> bytes:
    return (
        f"POST /en/report/general HTTP/1.1\r\nHost: 127.0.0.1:{house.settings.port}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\n{framing}\r\n\r\n"
    ).encode()


def chunked(data: bytes, *, ended: bool) -> bytes:
    pieces = [data[at : at + 9000] for at in range(0, len(data), 9000)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return chunks + (b"0\r\n\r\n" if ended else b"")


def whole_request(house: House, at: int, how: str) -> bytes:
    """Write a request whose body ends too early."""
    cut = BODY[:at]
    if how == "with the length of what comes":
        return head(house, f"Content-Length: {at}") + cut
    if how == "with the length of the whole":
        return head(house, f"Content-Length: {len(BODY)}") + cut
    return head(house, "Transfer-Encoding: chunked") + chunked(cut, ended=how == "in whole chunks")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    port = free_port()
    directory = tmp_path_factory.mktemp("cut") / "house"
    house = make_house(directory, origin=f"http://127.0.0.1:{port}", port=port)
    with forked_service(house):
        yield house
        # what came before does no harm to what comes after
        assert post(house, body_of("after all", bytes(100_000))).status == 303
        assert [bag.text for bag in house.bags()] == ["after all"]
    assert "failed" not in log_of(house).read_text()


@pytest.mark.parametrize("how", ["with the length of what comes", "in whole chunks"])
def test_a_body_that_ends_early_is_refused(house: House, how: str) -> None:
    for place, at in places().items():
        with socket.create_connection(("127.0.0.1", house.settings.port), 30) as connection:
            connection.sendall(whole_request(house, at, how))
            answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 400 "), place
    require_nothing(house)


@pytest.mark.parametrize("ending", ["closed", "reset", "half closed"])
@pytest.mark.parametrize("how", ["with the length of the whole", "in chunks without an end"])
def test_a_connection_that_ends_early_leaves_nothing(house: House, how: str, ending: str) -> None:
    for at in places().values():
        with socket.create_connection(("127.0.0.1", house.settings.port), 30) as connection:
            connection.sendall(whole_request(house, at, how))
            if ending == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1] + [0] * 7))
            if ending == "half closed":
                connection.shutdown(socket.SHUT_WR)
                with contextlib.suppress(ConnectionResetError):
                    assert not connection.recv(65536).startswith(b"HTTP/1.1 3")
    require_nothing(house)


def require_nothing(house: House) -> None:
    """Hold that nothing is left, once the service has noticed how every connection ended."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while house.stored() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert house.stored() == []
    assert house.bags() == []
