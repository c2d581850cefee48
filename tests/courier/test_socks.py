"""Through Tor, names are never looked up here, and nothing leaves by another way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from courier.errors import TroubleError, UnreachableError
from tests.courier.listener import Listener
from tests.courier.socks import NAME, Socks, socks_server
from tests.courier.support import Errand, make_errand
from tests.support.carried import make_roster, signed
from tests.support.service import free_port

COURIERS_ONION = f"{'c' * 56}.onion"
SOURCES_ONION = f"{'s' * 56}.onion"


# httpcore2 leaves its socket to the garbage when a SOCKS server refuses
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture
def socks() -> Iterator[Socks]:
    with socks_server() as socks:
        yield socks


@pytest.fixture
def errand(tmp_path: Path, listener: Listener, socks: Socks) -> Errand:
    """A courier of a service that is at two onions."""
    listener.roster = signed(make_roster(origins=(f"http://{SOURCES_ONION}",)))
    socks.names = {COURIERS_ONION: listener.port, SOURCES_ONION: listener.port}
    errand = make_errand(tmp_path, listener.origin)
    errand.change(service=f"http://{COURIERS_ONION}", proxy=socks.url)
    return errand


def test_a_pull_goes_through_the_proxy_by_name(
    errand: Errand, listener: Listener, socks: Socks
) -> None:
    pulled = errand.pull()
    assert len(pulled.bundles) == 2
    assert (pulled.alarms, errand.said) == ([], [])
    assert {kind for kind, _ in socks.asked} == {NAME}
    assert {name for _, name in socks.asked} == {COURIERS_ONION, SOURCES_ONION}
    assert listener.asked("/roster.json") != []
    assert len(socks.circuits) == 1  # of the look at what sources are shown, by itself


def test_each_look_at_what_sources_are_shown_has_a_circuit_of_its_own(
    errand: Errand, socks: Socks
) -> None:
    errand.pull()
    errand.pull()
    assert len(set(socks.circuits)) == 2


def test_an_onion_that_is_not_there_is_told(errand: Errand, socks: Socks) -> None:
    socks.names.clear()
    with pytest.raises(UnreachableError, match="is Tor running"):
        errand.pull()


def test_a_places_of_sources_that_is_not_there_holds_nothing_up(
    errand: Errand, socks: Socks
) -> None:
    del socks.names[SOURCES_ONION]
    assert len(errand.pull().bundles) == 2
    assert "could not be compared" in errand.said[0]


def test_without_tor_nothing_leaves(errand: Errand, listener: Listener) -> None:
    errand.change(proxy=f"socks5h://127.0.0.1:{free_port()}")
    with pytest.raises(UnreachableError, match="is Tor running"):
        errand.pull()
    assert listener.requests == []


def test_what_is_no_socks_server_is_told(errand: Errand, listener: Listener) -> None:
    errand.change(proxy=f"socks5h://127.0.0.1:{listener.port}", wait_seconds=0.5)
    with pytest.raises(TroubleError, match="stands still"):
        errand.pull()


def test_a_proxy_of_the_environment_leads_nowhere(
    errand: Errand, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    errand.change(service=listener.origin, proxy="none")
    assert len(errand.pull().bundles) == 2
