"""Open what a service holds, and refuse to start on anything doubtful."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

from app.buffers import Budget
from app.courier_desk import CourierDesk
from app.doors import earlier_rosters
from app.languages import Languages
from app.log_signing import LogKeyError, read_log_key
from app.roster_file import RosterFile, read_roster_file
from app.session import SessionBox
from app.session_keys import HourlyKeys
from app.settings import Settings
from app.state import Service
from app.stretch import Stretcher
from app.uploads import Uploads
from crypto.errors import CandorError, ExpiredRosterError
from crypto.minisign import SigningKey
from crypto.roster import Roster
from forms.form import Form
from forms.loader import default_form
from intake.days import utc_today
from intake.errors import IntakeError
from intake.service import Intake

DEMONSTRATION_ORIGIN: Final = "http://127.0.0.1:8080"
# sixteen uploads as fast as the disk; more of them share it
UPLOAD_BUDGET_BYTES: Final = 32 << 20


class StartError(Exception):
    """The service cannot start; the message is one line for its operator."""


@contextmanager
def open_service(settings: Settings, *, today: Callable[[], date] = utc_today) -> Iterator[Service]:
    """Hold everything that a running service needs, and let it go in order.

    Raises:
        StartError: a roster, log key or data directory that cannot be used.
    """
    file = read_roster(settings, today())
    require_demonstration_place(file.roster, settings)
    log_key = _log_key(settings, file.roster)
    forms = _forms(file.roster)
    with ExitStack() as held:
        intake = held.enter_context(_open_intake(settings.data, today))
        earlier = _adopt(intake, file, settings)
        stretcher = Stretcher(settings.key_stretches_at_once, file.roster.service_id)
        held.callback(stretcher.close)
        sealing = ThreadPoolExecutor(settings.sealing_threads, thread_name_prefix="sealing")
        held.callback(sealing.shutdown)
        desk = CourierDesk()
        held.callback(desk.close)
        yield Service(
            settings=settings,
            signed_roster=file,
            earlier=earlier,
            log_key=log_key,
            intake=intake,
            forms=forms,
            languages=Languages.load(),
            sessions=SessionBox(HourlyKeys()),
            stretcher=stretcher,
            uploads=Uploads(settings.uploads_at_once),
            sealing=sealing,
            budget=Budget(UPLOAD_BUDGET_BYTES),
            desk=desk,
            today=today,
        )


def under_roster(service: Service, file: RosterFile) -> Service:
    """Give the service as it goes on under a newer roster.

    Raises:
        StartError: it cannot be used here: another service's, an older one, forms not at hand.
    """
    if file.roster.service_id != service.roster.service_id:
        raise StartError("the roster is for another service")
    require_demonstration_place(file.roster, service.settings)
    log_key = _log_key(service.settings, file.roster)
    forms = _forms(file.roster)
    earlier = _adopt(service.intake, file, service.settings)
    return replace(service, signed_roster=file, earlier=earlier, log_key=log_key, forms=forms)


def read_roster(settings: Settings, today: date) -> RosterFile:
    """Read and verify the roster under the pinned root key.

    With one that has expired a service stands, and is closed.

    Raises:
        StartError: missing, not the root key's, malformed.
    """
    try:
        try:
            return read_roster_file(settings.roster, settings.root_key, today)
        except ExpiredRosterError:
            return read_roster_file(settings.roster, settings.root_key, date.min)
    except OSError as error:
        raise StartError(f"cannot read {error.filename}: {error.strerror}") from None
    except CandorError as error:
        raise StartError(f"{settings.roster}: {error}") from None


def _adopt(intake: Intake, file: RosterFile, settings: Settings) -> tuple[Roster, ...]:
    """Take the roster as the newest of this service, and return those before it."""
    try:
        intake.adopt_roster(file.roster, file.document, file.signature)
    except (CandorError, IntakeError) as error:
        raise StartError(f"{settings.roster}: {error}") from None
    return earlier_rosters(intake, file.roster)


def _log_key(settings: Settings, roster: Roster) -> SigningKey:
    try:
        return read_log_key(settings.log_key, roster)
    except LogKeyError as error:
        raise StartError(f"{error}") from None


def require_demonstration_place(roster: Roster, settings: Settings) -> None:
    """Keep a demonstration, whose keys lie beside it, where no source can meet it.

    Raises:
        StartError: it would be reachable at any other place.
    """
    served = None if settings.socket else f"http://{settings.host}:{settings.port}"
    if roster.demonstration and {served, *roster.origins} != {DEMONSTRATION_ORIGIN}:
        raise StartError(f"a demonstration is served at {DEMONSTRATION_ORIGIN} only")


def _forms(roster: Roster) -> Mapping[str, Form]:
    """Find each channel's form among those this program has, by the hash that the roster signs."""
    known = {form.sha256: form for form in (default_form(),)}
    missing = [channel.id for channel in roster.channels if channel.form.sha256 not in known]
    if missing:
        raise StartError(
            f"channel {missing[0]}: the roster was signed for another version of the form: sign a"
            " new roster, or run the Candor it was made with (a demonstration: remove it)"
        )
    return {channel.id: known[channel.form.sha256] for channel in roster.channels}


def _open_intake(directory: Path, today: Callable[[], date]) -> Intake:
    try:
        return Intake(directory, today=today)
    except IntakeError as error:
        raise StartError(f"{directory}: {error}") from None
