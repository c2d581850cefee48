"""Ceremonies: a service comes into being, whole, private and never over another one."""

import stat
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest

from console.ceremony import install_service, make_demonstration, make_service
from console.errors import PlanError
from console.plan import load_plan
from console.roster_book import SignedRoster
from crypto.decoys import DEFAULT_DECOYS
from crypto.errors import ForeignRosterError, UnsignedRosterError, WrongPassphraseError
from crypto.identity_file import open_identity
from crypto.keys import Identity
from crypto.log_key_file import parse_log_key
from crypto.minisign import SigningKey, VerifyKey
from crypto.root_key_file import open_root_key
from crypto.roster import Roster
from crypto.signed_roster import parse_roster
from crypto.source_keys import reviewer_signing_key
from crypto.wordlist import word_list
from disk.errors import OutputError
from forms.loader import default_form

TODAY = date(2026, 11, 23)
ORIGIN = "http://127.0.0.1:8080"
ANNA, BORIS, CLARA = (Identity(bytes([number]) * 32) for number in range(1, 4))


def keys(identity: Identity) -> str:
    key = reviewer_signing_key(identity).verify_key
    return f'recipient = "{identity.recipient.serialize()}"\nkey = "{key.serialize()}"\n'


PLAN = f"""\
origins = ["http://candorexample.onion"]

[[reviewer]]
id = "lawyers"
name = "Anna"
role = "Lawyer"
organisation = "A desk"
independence = "Of the ministry."
{keys(ANNA)}
[[reviewer]]
id = "press"
name = "Boris"
role = "Editor"
{keys(BORIS)}
[[channel]]
id = "general"
names = {{ en = "General", ru = "Общее" }}

[[channel]]
id = "prisons"
names = {{ en = "Prisons" }}
reviewers = ["lawyers"]
slots = 8
retention_days = 90
"""
CUSTODIAN = f'\n[custodian]\nid = "keeper"\nname = "Clara"\nrole = "Notary"\n{keys(CLARA)}'


def read_roster(directory: Path, fingerprint: str, origin: str | None) -> Roster:
    return parse_roster(
        (directory / "roster.json").read_bytes(),
        (directory / "roster.json.minisig").read_bytes(),
        VerifyKey.parse(fingerprint),
        today=TODAY,
        origin=origin,
    )


def make(directory: Path, plan: str = PLAN) -> Roster:
    return make_service(
        directory, load_plan(plan.encode()), "root words", today=TODAY, work_factor=1
    )


def test_a_demonstration_is_a_whole_service_whose_roster_verifies(tmp_path: Path) -> None:
    made = make_demonstration(tmp_path / "var", origin=ORIGIN, today=TODAY, work_factor=1)
    roster = read_roster(tmp_path / "var", made.fingerprint, ORIGIN)
    assert roster == made.roster
    assert roster.demonstration
    assert roster.expires == TODAY + timedelta(days=183)
    (channel,) = roster.channels
    assert set(channel.names) == {"en", "ru"}
    assert channel.form.sha256 == default_form().sha256
    assert len(roster.reviewers_of(channel)) == 2
    assert roster.custodian is not None
    with pytest.raises(ForeignRosterError):
        read_roster(tmp_path / "var", made.fingerprint, "http://localhost:8080")
    with pytest.raises(UnsignedRosterError):
        read_roster(tmp_path / "var", SigningKey.generate().verify_key.serialize(), ORIGIN)


def test_each_person_of_a_demonstration_holds_the_keys_that_the_roster_names(
    tmp_path: Path,
) -> None:
    made = make_demonstration(tmp_path, origin=ORIGIN, today=TODAY, work_factor=1)
    assert [p.reviewer for p in made.people] == [*made.roster.reviewers, made.roster.custodian]
    for person in made.people:
        identity = open_identity(person.identity_file.read_bytes(), person.passphrase)
        assert identity.recipient == person.reviewer.recipient
        assert reviewer_signing_key(identity).verify_key == person.reviewer.key
    root = open_root_key(made.root_file.read_bytes(), made.root_passphrase)
    assert root.verify_key == made.roster.root


def test_passphrases_are_seven_words_drawn_anew_and_kept_out_of_repr(tmp_path: Path) -> None:
    made = make_demonstration(tmp_path, origin=ORIGIN, today=TODAY, work_factor=1)
    passphrases = [made.root_passphrase, *(person.passphrase for person in made.people)]
    assert len(set(passphrases)) == 4
    for passphrase in passphrases:
        assert len(passphrase.split(" ")) == 7
        assert set(passphrase.split(" ")) <= set(word_list("en").words)
        assert passphrase not in repr(made)


def test_the_roster_names_the_log_key_that_lies_beside_it(tmp_path: Path) -> None:
    made = make_demonstration(tmp_path / "demo", origin=ORIGIN, today=TODAY, work_factor=1)
    for directory, roster in ((tmp_path / "demo", made.roster), (tmp_path, make(tmp_path))):
        key = parse_log_key((directory / "log.key").read_text())
        assert roster.log_keys == (key.verify_key,)


def test_only_the_owner_can_read_what_a_ceremony_wrote(tmp_path: Path) -> None:
    make_demonstration(tmp_path / "a" / "var", origin=ORIGIN, today=TODAY, work_factor=1)
    modes = {
        str(path.relative_to(tmp_path / "a")): stat.S_IMODE(path.stat().st_mode)
        for path in (tmp_path / "a").rglob("*")
    }
    assert modes == {
        "var": 0o700,
        "var/identities": 0o700,
        "var/identities/reviewer-a.age": 0o600,
        "var/identities/reviewer-b.age": 0o600,
        "var/identities/custodian.age": 0o600,
        "var/log.key": 0o600,
        "var/root.age": 0o600,
        "var/root.pub": 0o600,
        "var/roster.json": 0o600,
        "var/roster.json.minisig": 0o600,
    }


def test_a_demonstration_is_for_this_machine_only(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="this machine only"):
        make_demonstration(
            tmp_path, origin="http://candorexample.onion", today=TODAY, work_factor=1
        )
    assert list(tmp_path.iterdir()) == []


def test_a_service_is_never_made_over_another_one(tmp_path: Path) -> None:
    make(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(OutputError):
        make(tmp_path)
    with pytest.raises(OutputError):
        make_demonstration(tmp_path, origin=ORIGIN, today=TODAY, work_factor=1)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_root_key_that_lies_there_already_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "root.age").write_bytes(b"somebody's root key")
    with pytest.raises(OutputError):
        make(tmp_path)
    assert (tmp_path / "root.age").read_bytes() == b"somebody's root key"
    assert not (tmp_path / "roster.json").exists()


def test_a_plan_becomes_a_signed_roster(tmp_path: Path) -> None:
    roster = make(tmp_path / "service", CUSTODIAN.join([PLAN, ""]))
    assert read_roster(tmp_path / "service", roster.root.serialize(), None) == roster
    general, prisons = roster.channels
    assert (general.slots, general.retention_days) == (16, 365)
    assert [reviewer.name for reviewer in roster.reviewers_of(general)] == ["Anna", "Boris"]
    assert (prisons.slots, prisons.retention_days, prisons.reviewers) == (8, 90, ("lawyers",))
    assert roster.reviewers[0].independence == "Of the ministry."
    assert roster.reviewers[1].organisation == ""
    assert roster.custodian is not None
    assert roster.custodian.recipient == CLARA.recipient
    assert not roster.demonstration


def test_a_service_publishes_decoys_unless_its_plan_says_none(tmp_path: Path) -> None:
    assert make(tmp_path / "default").decoys == DEFAULT_DECOYS
    rare = make(tmp_path / "rare", f"decoys_per_day = 1\n{PLAN}").decoys
    assert rare is not None
    assert (rare.mean_per_day, rare.ranges) == (1, DEFAULT_DECOYS.ranges)
    assert make(tmp_path / "none", f"decoys_per_day = 0\n{PLAN}").decoys is None
    made = make_demonstration(tmp_path / "demo", origin=ORIGIN, today=TODAY, work_factor=1)
    assert made.roster.decoys is None


def test_a_servers_part_is_made_of_what_was_signed_offline(tmp_path: Path) -> None:
    roster = make(tmp_path / "offline")
    signed = SignedRoster.read(tmp_path / "offline" / "roster.json", roster.root)
    log_key = (tmp_path / "offline" / "log.key").read_bytes()
    install_service(tmp_path / "server", signed, log_key)
    names = {path.name for path in (tmp_path / "server").iterdir()}
    assert names == {"log.key", "root.pub", "roster.json", "roster.json.minisig"}
    with pytest.raises(PlanError, match="cannot be used"):
        install_service(tmp_path / "other", signed, b"\xff")
    make(tmp_path / "another")
    with pytest.raises(PlanError, match="does not name this"):
        install_service(tmp_path / "other", signed, (tmp_path / "another" / "log.key").read_bytes())
    assert not (tmp_path / "other").exists()


def test_two_services_have_nothing_in_common(tmp_path: Path) -> None:
    one, other = make(tmp_path / "one"), make(tmp_path / "other")
    assert one.service_id != other.service_id
    assert one.root != other.root


def test_debians_minisign_verifies_a_roster(tmp_path: Path) -> None:
    roster = make(tmp_path)
    checked = subprocess.run(
        ["minisign", "-V", "-P", roster.root.serialize(), "-m", "roster.json"],
        cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "Trusted comment: candor v1 roster\n" in checked.stdout


def test_a_root_key_opens_with_its_passphrase_only(tmp_path: Path) -> None:
    roster = make(tmp_path)
    sealed = (tmp_path / "root.age").read_bytes()
    assert open_root_key(sealed, "root words").verify_key == roster.root
    with pytest.raises(WrongPassphraseError):
        open_root_key(sealed, "other words")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('origins = ["http://candorexample.onion"]', "", "origins is missing"),
        ("candorexample.onion", "Candor.onion", "an origin is not"),
        ('role = "Editor"', "", "role is missing"),
        ('role = "Editor"', 'role = "Editor"\nphone = 1', "a key that is not known"),
        ('id = "press"', 'id = "lawyers"', "stands twice"),
        ('name = "Boris"', "name = 5", "name is not a text"),
        ('key = "RW', 'key = "RX', "key is not a public key"),
        ('recipient = "age1pq1', 'recipient = "age1', "recipient is not a recipient"),
        (keys(BORIS), keys(ANNA), "a recipient stands twice"),
        ('reviewers = ["lawyers"]', 'reviewers = ["nobody"]', "somebody who is no reviewer"),
        ("slots = 8", "slots = 41", "number of slots is not from 1 to 40"),
        ("slots = 8", "slots = 2026-11-23", "slots is not a whole number"),
        ('names = { en = "Prisons" }', "names = {}", "number of names"),
        ('names = { en = "Prisons" }', 'names = ["Prisons"]', "names is not an object"),
        ("[[channel]]", "[[door]]", "is not a list"),
        ("[[reviewer]]", "[[reader]]", "is not a list"),
        ("origins =", "valid_days = 0.5\norigins =", "valid_days is not a whole number"),
        ("origins =", "valid_days = 9999\norigins =", "or far away"),
        ("origins =", "valid_days = 99999999999\norigins =", "does not hold"),
        ("origins =", "decoys_per_day = 1001\norigins =", "number of decoys"),
        ("origins =", "decoys_per_day = -1\norigins =", "number of decoys"),
        ("origins =", "origins == ", "not TOML"),
    ],
)
def test_a_plan_with_a_mistake_is_refused_and_its_author_is_told(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    assert old in PLAN
    with pytest.raises(PlanError, match=words):
        make(tmp_path, PLAN.replace(old, new))
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_text_or_too_much_is_no_plan() -> None:
    for data in (b"\xff", b"#" * (512 * 1024 + 1), b"a = " + b"[" * 100_000):
        with pytest.raises(PlanError):
            load_plan(data)
