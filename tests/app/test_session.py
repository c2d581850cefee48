"""The cookie: always as long, for one use, for a time, and nobody's but ours."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

from app.session import (
    MAILBOX_SECONDS,
    SENT_SECONDS,
    BadSessionError,
    MailboxSession,
    SentSession,
    Session,
    SessionBox,
    clear_session,
    set_session,
)
from app.session_keys import KEY_SECONDS, HourlyKeys
from crypto.attachments import MAX_ATTACHMENTS
from crypto.bag_info import MAX_READERS, require_id
from crypto.codename import Codename
from crypto.keys import Identity
from crypto.minisign import SigningKey
from crypto.source_keys import SourceKeys
from intake.values import EnvelopeHash

IDS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True)
READERS = st.lists(IDS, max_size=40).map(tuple)
SEEDS = st.binary(min_size=32, max_size=32)
SENT = st.builds(
    SentSession,
    codename=st.builds(
        Codename.from_random,
        st.binary(min_size=10, max_size=10),
        st.sampled_from(["en", "ru", "fr"]),
    ),
    channel=IDS,
    readers=READERS,
    files=st.lists(st.integers(0, 2**40), max_size=50).map(tuple),
    envelope=SEEDS,
)
MAILBOX = st.builds(
    MailboxSession,
    keys=st.builds(
        SourceKeys,
        token=SEEDS,
        identity=st.builds(Identity, SEEDS),
        signing=st.builds(SigningKey, SEEDS),
    ),
    channel=st.none() | IDS,
    readers=READERS,
    arrived=st.none() | st.lists(st.integers(0, 2**40), max_size=50).map(tuple),
)


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


LONGEST_ID = "c" * 32
MOST_READERS = tuple(f"{number:02}".rjust(32, "r") for number in range(MAX_READERS))
MOST_FILES = (2**48 - 1,) * MAX_ATTACHMENTS


def largest() -> SentSession:
    envelope = EnvelopeHash(bytes(32))
    return SentSession(Codename.generate("ru"), LONGEST_ID, MOST_READERS, MOST_FILES, envelope)


def largest_mailbox() -> MailboxSession:
    secret = bytes(range(32))
    keys = SourceKeys(secret, Identity(secret), SigningKey(secret))
    return MailboxSession(keys, LONGEST_ID, MOST_READERS, MOST_FILES)


@given(SENT | MAILBOX)
def test_a_session_opens_as_it_was_sealed(session: Session) -> None:
    box = SessionBox(HourlyKeys())
    opened = box.open(box.seal(session))
    if isinstance(opened, SentSession) and isinstance(session, SentSession):
        assert opened.codename.secret == session.codename.secret
        assert opened.codename.language == session.codename.language
    assert opened == session


@given(SENT | MAILBOX, SENT | MAILBOX)
def test_every_cookie_is_as_long_as_any_other(one: Session, other: Session) -> None:
    box = SessionBox(HourlyKeys())
    assert len(box.seal(one)) == len(box.seal(other)) < 4000


@pytest.mark.parametrize("session", [largest(), largest_mailbox()], ids=["sent", "mailbox"])
def test_the_largest_session_fits(session: Session) -> None:
    require_id(LONGEST_ID)
    for longer in (LONGEST_ID + "c", LONGEST_ID + "é"):
        with pytest.raises(ValueError, match="id"):
            require_id(longer)
    box = SessionBox(HourlyKeys())
    assert box.open(box.seal(session)) == session


@given(st.integers(0, 2000), st.integers(0, 7))
def test_a_flipped_bit_is_refused(place: int, bit: int) -> None:
    from base64 import urlsafe_b64decode, urlsafe_b64encode

    box = SessionBox(HourlyKeys())
    raw = bytearray(urlsafe_b64decode(box.seal(largest())))
    raw[place] ^= 1 << bit
    with pytest.raises(BadSessionError):
        box.open(urlsafe_b64encode(raw).decode())


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.hex()))
def test_anything_else_is_refused(cookie: str) -> None:
    with pytest.raises(BadSessionError):
        SessionBox(HourlyKeys()).open(cookie)


@pytest.mark.parametrize(
    ("session", "seconds"), [(largest(), SENT_SECONDS), (largest_mailbox(), MAILBOX_SECONDS)]
)
def test_a_session_ends(session: Session, seconds: int) -> None:
    clock = Clock()
    box = SessionBox(HourlyKeys(), clock=clock)
    cookie = box.seal(session)
    clock.now += seconds - 1
    box.open(cookie)
    clock.now += 1
    with pytest.raises(BadSessionError):
        box.open(cookie)


def test_the_words_are_held_for_a_shorter_time_than_a_mailbox() -> None:
    assert SENT_SECONDS < MAILBOX_SECONDS <= KEY_SECONDS


def test_a_key_opens_in_its_hour_and_the_next_one_only() -> None:
    clock = Clock()
    keys = HourlyKeys(clock=clock)
    first = keys.accepted()[0]
    clock.now += KEY_SECONDS
    assert first in keys.accepted()
    assert keys.accepted()[0] != first
    clock.now += KEY_SECONDS
    assert first not in keys.accepted()


def test_keys_that_slept_for_hours_forget_everything() -> None:
    clock = Clock()
    keys = HourlyKeys(clock=clock)
    before = keys.accepted()
    clock.now += 5 * KEY_SECONDS
    assert not set(before) & set(keys.accepted())


def test_keys_are_forgotten_in_time_although_nobody_comes() -> None:
    clock = Clock()
    keys = HourlyKeys(clock=clock)
    before = set(keys.accepted())
    clock.now += 2 * KEY_SECONDS
    SessionBox(keys).turn_keys()
    assert not before & set(keys._keys)


def test_another_process_opens_nothing() -> None:
    cookie = SessionBox(HourlyKeys()).seal(largest())
    with pytest.raises(BadSessionError):
        SessionBox(HourlyKeys()).open(cookie)


def test_a_secret_is_not_in_a_repr() -> None:
    secret = secrets.token_bytes(32)
    session = MailboxSession(SourceKeys(secret, Identity(secret), SigningKey(secret)), None, ())
    assert secret.hex() not in repr(session)
    assert repr(secret)[2:-1] not in repr(session)


def test_the_cookie_ends_with_the_browser_and_goes_nowhere_else() -> None:
    response = Response()
    set_session(response, "value")
    assert response.headers["set-cookie"] == "session=value; HttpOnly; Path=/; SameSite=strict"
    clear_session(response)
    assert "Max-Age=0" in response.headers.getlist("set-cookie")[1]
