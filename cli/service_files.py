"""What an operator's command knows of a service: its settings, its roster, its data directory."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.errors import CommandError

if TYPE_CHECKING:
    from app.settings import Settings
    from crypto.roster import Roster
    from intake.log_signer import LogSigner
    from intake.service import Intake


@dataclass(frozen=True, slots=True)
class ServiceFiles:
    """Settings, and the roster that they name, verified under the pinned root key."""

    settings: "Settings"
    roster: "Roster"

    def open_intake(self) -> "Intake":
        """Open the data directory."""
        from intake.service import Intake

        return Intake(self.settings.data)

    def log_signer(self) -> "LogSigner":
        """Read the key that signs the log.

        Raises:
            LogKeyError: missing, damaged, or not the roster's.
        """
        from app.log_signing import log_signer, read_log_key

        return log_signer(self.roster, read_log_key(self.settings.log_key, self.roster))


def read_settings(config: Path) -> "Settings":
    """Read the settings.

    Raises:
        CommandError: there are none yet.
        SettingsError: they cannot be used.
    """
    from app.settings import load_settings

    if not config.is_file():
        raise CommandError(
            f"there is no {config}: name the settings with --config, or make a service with"
            " `candor init`"
        )
    return load_settings(config)


def load_service(config: Path) -> ServiceFiles:
    """Read the settings and verify the roster.

    Raises:
        CommandError: there are no settings yet.
        SettingsError: they cannot be used.
        RosterError: the roster is refused.
    """
    from app.roster_file import read_roster_file
    from intake.days import utc_today

    settings = read_settings(config)
    file = read_roster_file(settings.roster, settings.root_key, utc_today())
    return ServiceFiles(settings, file.roster)
