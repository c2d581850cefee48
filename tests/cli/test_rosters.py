"""The ceremony's commands: each does what it says, and says what to do when it does not."""

import shutil
from pathlib import Path

import pytest
from click.testing import Result

from console.public_lines import PublicLines
from console.roster_book import open_book
from crypto.minisign import SigningKey
from crypto.roster import Roster
from tests.cli.support import candor, is_one_line, on_terminal, run
from tests.console.ceremonies import ANNA, BORIS, CLARA, DORA, EVA
from tests.console.support import PASSPHRASE, write_passphrase

ORIGIN = f"http://{'a' * 56}.onion"
PEOPLE = {"anna": ANNA, "boris": BORIS, "clara": CLARA, "dora": DORA, "eva": EVA}
VAN = SigningKey(bytes([91]) * 32).verify_key.serialize()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A first roster, made once: stretching takes its time."""
    tmp_path = tmp_path_factory.mktemp("made")
    for name, identity in PEOPLE.items():
        (tmp_path / f"{name}.pub").write_text(PublicLines.of(identity).serialize())
    entries = ""
    for name in ("anna", "boris"):
        key, recipient = (tmp_path / f"{name}.pub").read_text().splitlines()
        entries += f'[[reviewer]]\nid = "{name}"\nname = "{name.title()}"\nrole = "Lawyer"\n'
        entries += f'key = "{key}"\nrecipient = "{recipient}"\n'
    (tmp_path / "plan.toml").write_text(
        f'origins = ["{ORIGIN}"]\n{entries}'
        '[[channel]]\nid = "general"\nnames = { en = "General" }\nslots = 4\n'
    )
    write_passphrase(tmp_path / "passphrase")
    found = run(
        *("roster", "new", tmp_path / "ceremony", "--plan", tmp_path / "plan.toml"),
        *("--passphrase-file", tmp_path / "passphrase"),
    )
    assert found.exit_code == 0, found.stderr
    return tmp_path


@pytest.fixture
def place(tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ceremony's directory, one for each test, and the current one."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path / "ceremony")
    return tmp_path / "ceremony"


def roster(*arguments: object) -> Result:
    found = run("roster", *arguments)
    assert found.exit_code == 0, found.stderr
    return found


def refused(words: str, *arguments: object) -> None:
    found = run("roster", *arguments)
    assert found.exit_code == 1
    assert is_one_line(found.stderr)
    assert words in found.stderr


def sign() -> Result:
    return roster("sign", "--passphrase-file", "../passphrase")


def draft(place: Path) -> Roster:
    waiting = open_book(place).draft
    assert waiting is not None
    return waiting


def fingerprint(place: Path) -> str:
    return open_book(place).newest.root.serialize()


def test_a_ceremony_is_never_made_over_another_one(place: Path) -> None:
    before = {path: path.read_bytes() for path in place.iterdir()}
    plan = ("--plan", "../plan.toml", "--passphrase-file", "../passphrase")
    refused("holds a service already", "new", place, *plan)
    assert {path: path.read_bytes() for path in place.iterdir()} == before


def test_a_generated_passphrase_of_the_root_key_is_shown_once(place: Path, tmp_path: Path) -> None:
    found = roster("new", tmp_path / "other", "--plan", "../plan.toml", "--generate")
    (shown,) = [line for line in found.output.splitlines() if line.startswith("Passphrase")]
    words = tmp_path / "words"
    words.write_text(shown.removeprefix("Passphrase").strip())
    roster("sign", "--passphrase-file", words, "--dir", tmp_path / "other")


def test_everybody_and_everything_can_be_added(place: Path) -> None:
    told = ("--name", "Somebody", "--role", "Auditor")
    roster("add", "reviewer", "dora", "--lines", "../dora.pub", *told)
    roster("add", "member", "dora", "--channel", "general")
    roster("add", "custodian", "clara", "--lines", "../clara.pub", *told)
    roster("add", "courier", "van", "--key", VAN, "--channel", "general")
    names = ("--name", "en=Ships", "--name", "ru=Корабли")
    roster("add", "channel", "ships", "--reviewer", "anna", *names, "--slots", 3)
    roster("add", "origin", "http://b.onion")
    found = roster("add", "log-key", SigningKey(bytes(32)).verify_key.serialize())
    for words in ("+ reviewer dora", "+ custodian clara", "+ courier van", "+ channel ships"):
        assert words in found.output
    made = draft(place)
    assert made.channel("general").reviewers == ("anna", "boris", "dora")
    assert made.channel("ships").names == {"en": "Ships", "ru": "Корабли"}
    assert made.origins == (ORIGIN, "http://b.onion")
    assert len(made.log_keys) == 2
    assert "Signed     roster 2" in sign().output
    assert open_book(place).newest.custodian is not None


def test_somebody_without_a_channel_is_pointed_out(place: Path) -> None:
    told = ("--lines", "../dora.pub", "--name", "Dora", "--role", "Auditor")
    assert "reads no channel yet" in roster("add", "reviewer", "dora", *told).output


def test_everybody_and_everything_can_be_taken_away(place: Path) -> None:
    test_everybody_and_everything_can_be_added(place)
    roster("remove", "member", "anna", "--channel", "general")
    roster("remove", "reviewer", "dora")
    roster("remove", "custodian")
    roster("remove", "courier", "van")
    roster("remove", "channel", "ships")
    roster("remove", "origin", "http://b.onion")
    gone = SigningKey(bytes(32)).verify_key.serialize()
    found = roster("remove", "log-key", gone)
    for words in ("- reviewer dora", "- custodian clara", "- courier van", "- channel ships"):
        assert words in found.output
    made = draft(place)
    assert made.channel("general").reviewers == ("boris",)
    assert (made.custodian, made.couriers, len(made.log_keys)) == (None, (), 1)


def test_what_is_not_there_cannot_be_taken_away(place: Path) -> None:
    refused("there is no reviewer dora", "remove", "reviewer", "dora")
    refused("no such origin: there are http://", "remove", "origin", "http://b.onion")
    refused("no such log key", "remove", "log-key", VAN)
    refused("there is no custodian", "remove", "custodian")
    assert not (place / "draft.json").exists()


def test_what_the_roster_says_of_somebody_can_be_changed(place: Path) -> None:
    roster("change", "person", "anna", "--role", "Head of legal", "--independence", "Of nobody.")
    roster("change", "channel", "general", "--slots", 6, "--retention-days", 90)
    roster("change", "channel", "general", "--name", "en=Abuse", "--name", "ru=Насилие")
    roster("change", "channel", "general", "--renew-form")
    roster("change", "decoys", 0)
    made = draft(place)
    assert made.reviewers[0].role == "Head of legal"
    assert (made.channels[0].slots, made.channels[0].retention_days) == (6, 90)
    assert set(made.channels[0].names) == {"en", "ru"}
    assert made.decoys is None
    assert "decoys: nothing; before: 6 a day" in roster("show").output


def test_a_change_of_nothing_is_a_mistake(place: Path) -> None:
    for words in (("person", "anna"), ("channel", "general")):
        assert run("roster", "change", *words).exit_code == 2
    for name in ("Abuse", "en=A"):
        names = ("--name", name, "--name", "en=B")
        assert run("roster", "change", "channel", "general", *names).exit_code == 2


def test_taking_a_change_back_leaves_nothing_to_sign(place: Path) -> None:
    roster("add", "origin", "http://b.onion")
    assert "Nothing waits" in roster("remove", "origin", "http://b.onion").output
    roster("add", "origin", "http://b.onion")
    assert "are gone" in roster("discard").output
    assert "Nothing was waiting" in roster("discard").output
    assert not (place / "draft.json").exists()


def test_a_rotation_keeps_the_old_key_for_half_a_year_or_until_a_day(place: Path) -> None:
    roster("rotate", "anna", "--lines", "../dora.pub")
    roster("rotate", "boris", "--lines", "../eva.pub", "--until", "2099-01-01")
    anna, boris = draft(place).reviewers
    assert anna.former_keys[0].key == PublicLines.of(ANNA).key
    assert boris.former_keys[0].until.isoformat() == "2099-01-01"
    early = ("--lines", "../clara.pub", "--until", "2020-01-01")
    assert run("roster", "rotate", "anna", *early).exit_code == 2


def test_a_revocation_says_what_the_key_could_open(place: Path) -> None:
    found = roster("revoke", "boris", "--lines", "../eva.pub")
    assert "reports of general, since roster 1 (" in found.output
    assert draft(place).reviewers[1].former_keys == ()
    sign()
    found = roster("revoke", "boris")
    assert [one.id for one in draft(place).reviewers] == ["anna"]
    assert "reports of general" in found.output
    refused("there is no reviewer dora", "revoke", "dora")


def test_a_custodian_is_revoked_as_well(place: Path) -> None:
    told = ("--name", "Clara", "--role", "Notary")
    roster("add", "custodian", "clara", "--lines", "../clara.pub", *told)
    sign()
    assert "names that sources gave, since roster 2" in roster("revoke", "clara").output
    assert draft(place).custodian is None


def test_lines_that_were_taken_away_do_not_come_back(place: Path) -> None:
    roster("revoke", "boris", "--lines", "../eva.pub")
    sign()
    refused("stood for boris in roster 1", "rotate", "anna", "--lines", "../boris.pub")
    told = ("--name", "Fred", "--role", "Lawyer")
    refused(
        "stood for boris in roster 1", "add", "reviewer", "fred", "--lines", "../boris.pub", *told
    )
    refused("stood for boris in roster 2", "revoke", "anna", "--lines", "../eva.pub")


def test_a_file_without_lines_or_a_key_that_is_none_is_refused(place: Path) -> None:
    told = ("--name", "Dora", "--role", "Auditor")
    refused("has one line RW", "add", "reviewer", "dora", "--lines", "../plan.toml", *told)
    refused("no such file", "add", "reviewer", "dora", "--lines", "../fred.pub", *told)
    assert run("roster", "add", "courier", "van", "--key", "RW").exit_code == 2


def test_signing_shows_what_is_new_before_it_asks(place: Path) -> None:
    roster("add", "origin", "http://b.onion")
    done = on_terminal("roster", "sign", typed=("wrong words",))
    assert done.status == 1
    assert done.out.index("+ origin http://b.onion") < done.out.index("Passphrase of the root key")
    assert "wrong passphrase; nothing was signed" in done.out
    assert [one.roster.serial for one in open_book(place).history] == [1]
    assert on_terminal("roster", "sign", typed=(PASSPHRASE,)).status == 0
    assert [one.roster.serial for one in open_book(place).history] == [1, 2]


def test_a_roster_can_be_signed_for_another_time(place: Path) -> None:
    found = roster("sign", "--valid-days", 30, "--passphrase-file", "../passphrase")
    assert "nothing changes but the days" in found.output
    newest = open_book(place).newest
    assert (newest.expires - newest.issued).days == 30
    refused("no roster can be signed like this", "sign", "--valid-days", 800)


def test_rosters_are_shown_old_and_new(place: Path) -> None:
    roster("add", "origin", "http://b.onion")
    sign()
    assert "http://b.onion" in roster("show").output
    assert "http://b.onion" not in roster("show", "--serial", 1).output
    refused("there is no roster 3 here: there are 1, 2", "show", "--serial", 3)


def test_what_a_stranger_wrote_into_a_roster_reaches_no_terminal(place: Path) -> None:
    roster("change", "person", "anna", "--role", "Law\N{VARIATION SELECTOR-16}yer")
    shown = roster("show").output
    assert "⟨U+FE0F⟩" in shown
    assert "\N{VARIATION SELECTOR-16}" not in shown


def test_each_refusal_of_a_roster_is_named(place: Path, tmp_path: Path) -> None:
    trusted = ("--fingerprint", fingerprint(place))
    sign()
    old, new = place / "roster-1.json", place / "roster.json"
    assert "Roster 2 holds" in roster("verify", new).output
    assert "Roster 1 holds" in roster("verify", old, *trusted).output
    refused("rolled back", "verify", old)
    seen = tmp_path / "seen"
    roster("verify", old, *trusted, "--seen", seen)
    roster("verify", new, *trusted, "--seen", seen)
    refused("rolled back", "verify", old, *trusted, "--seen", seen)
    refused("foreign origin", "verify", new, *trusted, "--origin", "http://b.onion")
    seen.write_text(f"2 {'00' * 32}\n")
    refused("forked", "verify", new, *trusted, "--seen", seen)
    refused("unsigned", "verify", new, "--fingerprint", VAN)
    new.write_bytes(new.read_bytes() + b" ")
    refused("unsigned", "verify", new, *trusted)
    assert run("roster", "verify", old, "--seen", seen).exit_code == 2


def test_a_directory_without_a_ceremony_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (("show",), ("sign",), ("discard",), ("remove", "custodian")):
        refused("go to the ceremony's directory or name it with --dir", *words)


def test_a_server_is_made_without_the_root_key(place: Path, tmp_path: Path) -> None:
    sign()
    service = tmp_path / "service"
    trusted = ("--roster", "roster.json", "--fingerprint", fingerprint(place))
    found = run("init", service, *trusted)
    assert found.exit_code == 0, found.stderr
    assert fingerprint(place) in found.output
    names = {path.name for path in service.iterdir()}
    files = {"root.pub", "log.key", "roster.json", "roster.json.minisig", "candor.toml", "data"}
    assert names == files
    for name in ("log.key", "roster.json", "roster.json.minisig"):
        assert (service / name).read_bytes() == (place / name).read_bytes()
    done = run("batch", "--config", service / "candor.toml")
    assert done.exit_code == 0, done.stderr
    assert run("init", service, *trusted).exit_code == 1


def test_a_server_is_not_made_of_a_roster_that_does_not_hold(place: Path, tmp_path: Path) -> None:
    service = tmp_path / "service"
    right = ("--fingerprint", fingerprint(place))
    wrong = run("init", service, "--roster", "roster.json", "--fingerprint", VAN)
    assert "unsigned" in wrong.stderr
    (place / "log.key").write_text("nothing")
    assert (
        "log.key cannot be used" in run("init", service, "--roster", "roster.json", *right).stderr
    )
    roster(
        "new", tmp_path / "other", "--plan", "../plan.toml", "--passphrase-file", "../passphrase"
    )
    shutil.copy(tmp_path / "other" / "log.key", place / "log.key")
    assert "does not name this" in run("init", service, "--roster", "roster.json", *right).stderr
    (place / "log.key").unlink()
    assert "log.key: no such file" in run("init", service, "--roster", "roster.json", *right).stderr
    assert not service.exists()


def test_a_server_is_made_of_a_plan_or_of_a_roster(place: Path, tmp_path: Path) -> None:
    both = ("--plan", "../plan.toml", "--roster", "roster.json", "--fingerprint", VAN)
    for words in ((), both, both[:2] + both[4:], both[2:4], both[4:]):
        assert run("init", tmp_path / "service", *words).exit_code == 2


@pytest.mark.parametrize(
    "words",
    [("new",), ("show",), ("sign",), ("verify",), ("rotate",), ("revoke",), ("discard",)]
    + [("share-channel",), ("split",), ("recover",)]
    + [("add", what) for what in ("reviewer", "member", "custodian", "courier", "channel")]
    + [("add", what) for what in ("origin", "log-key")]
    + [("remove", what) for what in ("reviewer", "member", "custodian", "courier", "channel")]
    + [("remove", what) for what in ("origin", "log-key")]
    + [("change", what) for what in ("person", "channel", "decoys")],
)
def test_every_command_teaches_by_an_example(words: tuple[str, ...]) -> None:
    found = run("roster", *words, "--help")
    assert f"candor roster {' '.join(words)}" in found.output


def test_a_broken_ceremony_is_told_in_one_line_of_a_process(place: Path) -> None:
    (place / "roster.json").write_bytes(b"{}")
    done = candor("roster", "show", "--dir", place)
    assert done.status == 1
    assert is_one_line(done.complaints)
    assert "roster.json is refused" in done.complaints
