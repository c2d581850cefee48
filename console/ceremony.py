"""Ceremonies: where root keys, identities and rosters are made, offline.

A service directory as it leaves a ceremony, files with mode 0600 in directories with mode 0700:

    root.age                   the root key under its passphrase; belongs on an offline machine
    root.pub                   its public line, the service's fingerprint
    log.key                    what signs the heads of the log; stays with the server
    roster.json                who may read
    roster.json.minisig        its signature by the root key
    identities/<id>.age        of a demonstration only: a reviewer's identity under a passphrase
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from console.errors import PlanError
from console.plan import Plan, default_form_reference, draft_roster
from console.roster_book import (
    FINGERPRINT_FILE,
    LOG_KEY_FILE,
    ROOT_FILE,
    ROSTER_FILE,
    SIGNATURE_FILE,
    SignedRoster,
    fingerprint_text,
)
from crypto.errors import KeyFormatError
from crypto.identity_file import seal_identity
from crypto.keys import Identity
from crypto.log_key_file import parse_log_key, serialize_log_key
from crypto.minisign import SigningKey
from crypto.passphrase_file import WORK_FACTOR
from crypto.root_key_file import seal_root_key
from crypto.roster import Channel, Reviewer, Roster
from crypto.signed_roster import sign_roster
from crypto.source_keys import SERVICE_ID_BYTES, reviewer_signing_key
from crypto.wordlist import draw_passphrase
from disk.errors import OutputError
from disk.files import new_file, private_directory, private_subdirectory

IDENTITIES = "identities"


@dataclass(frozen=True, slots=True)
class DemonstrationPerson:
    """Somebody whom a demonstration makes up, with the passphrase that is shown once."""

    reviewer: Reviewer
    identity_file: Path
    passphrase: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What a demonstration consists of, and everything that is needed to try it.

    Attributes:
        people: the two reviewers, then the custodian.
    """

    directory: Path
    roster: Roster
    root_file: Path
    root_passphrase: str = field(repr=False)
    people: tuple[DemonstrationPerson, ...]

    @property
    def fingerprint(self) -> str:
        """The root key's public line, as every page shows it."""
        return self.roster.root.serialize()


def describe_reviewer(  # noqa: PLR0913 - what a source is shown of a person
    identity: Identity,
    *,
    reviewer_id: str,
    name: str,
    role: str,
    organisation: str = "",
    independence: str = "",
) -> Reviewer:
    """Make the roster's entry for whoever holds an identity."""
    return Reviewer(
        id=reviewer_id,
        name=name,
        role=role,
        organisation=organisation,
        independence=independence,
        recipient=identity.recipient,
        key=reviewer_signing_key(identity).verify_key,
    )


def make_service(
    directory: Path, plan: Plan, passphrase: str, *, today: date, work_factor: int = WORK_FACTOR
) -> Roster:
    """Draw root key, log key and service id, and write both keys and the signed roster.

    Args:
        directory: made if it is not there; nothing in it is overwritten.
        plan: who may read, where and how long.
        passphrase: protects the root key.
        today: the day of issue.
        work_factor: of the root key's file.

    Raises:
        PlanError: no roster can be made from the plan.
        OutputError: the directory holds a service already, or others may write into it.
    """
    root, log_key = SigningKey.generate(), SigningKey.generate()
    roster = _first_roster(plan, root, log_key, today)
    sealed_root = seal_root_key(root, passphrase, work_factor=work_factor)
    signed = SignedRoster(roster, *sign_roster(roster, root))
    _write_service(directory, signed, _service_keys(sealed_root, log_key), identities={})
    return roster


def install_service(directory: Path, signed: SignedRoster, log_key: bytes) -> None:
    """Make a server's directory from a roster that was signed offline: the root key stays there.

    Args:
        directory: made if it is not there; nothing in it is overwritten.
        signed: its signature is checked.
        log_key: the content of log.key.

    Raises:
        PlanError: the log key is none, or not one that the roster names.
        OutputError: the directory holds a service already, or others may write into it.
    """
    try:
        key = parse_log_key(log_key.decode("ascii", "replace"))
    except KeyFormatError as error:
        raise PlanError(f"{LOG_KEY_FILE} cannot be used: {error}") from None
    if key.verify_key not in signed.roster.log_keys:
        raise PlanError(
            f"the roster does not name this {LOG_KEY_FILE}: bring the one from the directory where"
            " the roster was signed"
        )
    _write_service(directory, signed, {LOG_KEY_FILE: log_key}, identities={})


def make_demonstration(
    directory: Path, *, origin: str, today: date, work_factor: int = WORK_FACTOR
) -> Demonstration:
    """Make up a whole service to try Candor with, for an origin on this machine.

    Args:
        directory: made if it is not there; nothing in it is overwritten.
        origin: where it will be reached; a loopback address.
        today: the day of issue.
        work_factor: of all key files.

    Raises:
        PlanError: the origin is not on this machine.
        OutputError: the directory holds a service already, or others may write into it.
    """
    root, root_passphrase = SigningKey.generate(), draw_passphrase()
    log_key = SigningKey.generate()
    people = tuple(_draw_person(directory, person) for person in _PEOPLE)
    plan = _demonstration_plan(origin, [person.reviewer for person, _ in people])
    roster = _first_roster(plan, root, log_key, today)
    # Everything slow comes before the first file, so that an interrupted start leaves nothing.
    identities = {
        person.identity_file.name: seal_identity(
            identity, person.passphrase, work_factor=work_factor
        )
        for person, identity in people
    }
    sealed_root = seal_root_key(root, root_passphrase, work_factor=work_factor)
    signed = SignedRoster(roster, *sign_roster(roster, root))
    _write_service(directory, signed, _service_keys(sealed_root, log_key), identities)
    return Demonstration(
        directory=directory,
        roster=roster,
        root_file=directory / ROOT_FILE,
        root_passphrase=root_passphrase,
        people=tuple(person for person, _ in people),
    )


_PEOPLE = (
    {
        "reviewer_id": "reviewer-a",
        "name": "Reviewer A.",
        "role": "Lawyer",
        "organisation": "Desk of human rights lawyers (demonstration)",
        "independence": "Not part of any police, prison service or prosecution.",
    },
    {
        "reviewer_id": "reviewer-b",
        "name": "Reviewer B.",
        "role": "Investigator",
        "organisation": "Public money watch (demonstration)",
        "independence": "Paid by small donations; holds no public contract.",
    },
    {
        "reviewer_id": "custodian",
        "name": "Custodian C.",
        "role": "Keeps the names that sources give",
        "organisation": "Notary (demonstration)",
        "independence": "Reads no reports.",
    },
)


def _draw_person(
    directory: Path, description: Mapping[str, str]
) -> tuple[DemonstrationPerson, Identity]:
    identity = Identity.generate()
    reviewer = describe_reviewer(identity, **description)
    path = directory / IDENTITIES / f"{reviewer.id}.age"
    return DemonstrationPerson(reviewer, path, draw_passphrase()), identity


def _demonstration_plan(origin: str, people: list[Reviewer]) -> Plan:
    *reviewers, custodian = people
    channel = Channel(
        id="general",
        names={
            "en": "Corruption and abuse by officials",
            "ru": "Коррупция и злоупотребления должностных лиц",
        },
        form=default_form_reference(),
        reviewers=tuple(reviewer.id for reviewer in reviewers),
    )
    # without decoys: what arrives at somebody who tries it out is what was sent
    return Plan((origin,), tuple(reviewers), (channel,), custodian, decoys=None, demonstration=True)


def _first_roster(plan: Plan, root: SigningKey, log_key: SigningKey, today: date) -> Roster:
    service_id = secrets.token_bytes(SERVICE_ID_BYTES)
    log_keys = (log_key.verify_key,)
    return draft_roster(
        plan, root.verify_key, service_id=service_id, today=today, log_keys=log_keys
    )


def _service_keys(sealed_root: bytes, log_key: SigningKey) -> Mapping[str, bytes]:
    return {ROOT_FILE: sealed_root, LOG_KEY_FILE: serialize_log_key(log_key).encode("ascii")}


def _write_service(
    directory: Path,
    signed: SignedRoster,
    keys: Mapping[str, bytes],
    identities: Mapping[str, bytes],
) -> None:
    """Write what a ceremony made; the roster comes last, and with it the service exists."""
    with private_directory(directory) as service:
        if (directory / ROSTER_FILE).exists():
            raise OutputError(f"{directory} holds a service already: name another directory")
        for name, key in keys.items():
            _write(service, name, key)
        if identities:
            with private_subdirectory(service, IDENTITIES) as subdirectory:
                for name, sealed in identities.items():
                    _write(subdirectory, name, sealed)
        _write(service, FINGERPRINT_FILE, fingerprint_text(signed.roster.root).encode("ascii"))
        _write(service, SIGNATURE_FILE, signed.signature)
        _write(service, ROSTER_FILE, signed.document)


def _write(directory: int, name: str, data: bytes) -> None:
    with new_file(directory, name) as file:
        file.write(data)
