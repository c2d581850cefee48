"""A courier's settings lead through Tor, or stay on this machine."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courier.errors import SetupError
from courier.settings import TOR, Settings, is_loopback
from crypto.minisign import SigningKey

ROOT = SigningKey(bytes(32)).verify_key.serialize()
ONION = "http://abcdefghijklmnop.onion"
GOOD = {"service": ONION, "root": ROOT, "id": "car"}


@given(
    st.floats(0.1, 1e6) | st.integers(1, 10**6),
    st.integers(1, 100),
    st.sampled_from([TOR, "socks5h://10.152.152.10:9050", "socks5h://[::1]:9150"]),
)
def test_settings_read_back_as_they_were_written(
    wait_seconds: float, tries: int, proxy: str
) -> None:
    settings = Settings(**GOOD, wait_seconds=wait_seconds, tries=tries, proxy=proxy)
    assert Settings.parse(settings.serialize()) == settings


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"service": "http://example.org"}, "onion"),
        ({"service": f"{ONION}/"}, "onion"),
        ({"service": "ftp://abc.onion"}, "onion"),
        ({"service": "http://onion"}, "onion"),
        ({"proxy": "none"}, "Tor"),
        ({"proxy": "socks5://127.0.0.1:9050"}, "SOCKS"),
        ({"proxy": "http://127.0.0.1:9050"}, "SOCKS"),
        ({"root": "RW"}, "root"),
        ({"id": "Car"}, "id"),
        ({"tries": 0}, "tries"),
        ({"wait_seconds": -1.0}, "wait_seconds"),
        ({"requests_at_once": 0}, "requests_at_once"),
        ({"keep_days": -1}, "keep_days"),
    ],
)
def test_settings_that_lead_elsewhere_are_refused(change: dict[str, str], word: str) -> None:
    with pytest.raises(SetupError, match=word):
        Settings(**(GOOD | change))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_without_a_proxy_only_this_machine_is_reached(host: str) -> None:
    assert is_loopback(f"http://{host}:8081")
    assert Settings(**(GOOD | {"service": f"http://{host}:8081"}), proxy="none").proxy == "none"


def test_a_name_that_only_looks_like_this_machine_is_another() -> None:
    assert not is_loopback("http://localhost.example.org")
    assert not is_loopback("http://127.0.0.1.example.org")
    assert not is_loopback("http://127.0.0.1@example.org")


@pytest.mark.parametrize(
    "change",
    [{"tries": "4"}, {"tries": True}, {"tries": 1.5}, {"service": 1}, {"more": 1}, {"id": None}],
)
def test_a_file_that_says_something_else_is_refused(change: dict[str, object]) -> None:
    content = json.loads(Settings(**GOOD).serialize())
    with pytest.raises(SetupError):
        Settings.parse(json.dumps(content | change).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"{", b'{"id": NaN}'])
def test_what_is_no_settings_file_is_refused(data: bytes) -> None:
    with pytest.raises(SetupError):
        Settings.parse(data)
