"""A real service, and the same source as Candor and the stranger see it."""

import pytest

from crypto.codename import Codename
from crypto.source_keys import derive_source_keys
from tests.stranger import client, keys, roster
from tests.stranger.support import ORIGIN, SUBMISSION, TODAY
from tests.support.service import make_house


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    return make_house(tmp_path_factory.mktemp("house"), origin=ORIGIN)


@pytest.fixture(scope="module")
def service(house):
    with house.open() as service:
        yield service


@pytest.fixture(scope="module")
def signed(house):
    """The service's roster as bytes, its signature, and its root key."""
    path = house.settings.roster
    signature = path.with_name("roster.json.minisig").read_bytes()
    return path.read_bytes(), signature, house.settings.root_key


@pytest.fixture(scope="module")
def public(signed):
    return roster.read_roster(*signed, today=TODAY, origin=ORIGIN)


@pytest.fixture(scope="module")
def codename():
    return Codename.generate("ru")


@pytest.fixture(scope="module")
def theirs(codename, house):
    """The source's keys as Candor derives them."""
    return derive_source_keys(codename, house.roster.service_id)


@pytest.fixture(scope="module")
def mine(codename, public):
    """The source's keys as the stranger derives them."""
    secret = keys.read_codename(" ".join(codename.words), "ru")
    return keys.derive(secret, bytes.fromhex(public["service_id"]))


@pytest.fixture(scope="module")
def report(mine, public):
    return client.seal_submission(SUBMISSION, mine, public, ["press", "lawyers"])
