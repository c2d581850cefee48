"""The operator's settings: one TOML file, and `CANDOR_…` in the environment above it.

What a source must be able to trust stands in the signed roster, not here: readers, channels,
origins.
"""

import json
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from pydantic import ByteSize, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

MEBIBYTE: Final = 1 << 20
GIBIBYTE: Final = 1 << 30


class SettingsError(Exception):
    """The settings cannot be used; the message names each setting, never a value."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen: at a Unix socket if there is one, else at a host's port."""

    host: str
    port: int
    socket: Path | None


class Settings(BaseSettings):
    """Everything an operator may choose."""

    model_config = SettingsConfigDict(
        env_prefix="CANDOR_",
        extra="forbid",
        frozen=True,
        # a refused value may be a secret from the environment
        hide_input_in_errors=True,
        validate_default=True,
    )

    root_key: str = Field(
        description="The service's root public key, RW…, as its root ceremony printed it. Pinned "
        "here, so that whoever can change the roster file cannot choose who reads."
    )
    roster: Path = Field(
        default=Path("roster.json"),
        description="The signed roster; its signature lies beside it as <name>.minisig.",
    )
    log_key: Path = Field(
        default=Path("log.key"),
        description="The key that signs the log of what has arrived; its public half stands in the "
        "roster. Keep a copy elsewhere.",
    )
    data: Path = Field(
        default=Path("data"),
        description="Where sealed envelopes rest. Put it on an encrypted volume.",
    )
    host: str = Field(
        default="127.0.0.1",
        description="The address to listen on. Tor connects from this machine, so keep it local.",
    )
    port: int = Field(default=8080, ge=0, le=65535, description="The port to listen on.")
    socket: Path | None = Field(
        default=None,
        description="A Unix socket to listen on instead, which no other host can reach by "
        "mistake: HiddenServicePort 80 unix:<path>.",
    )
    courier_host: str = Field(
        default="127.0.0.1",
        description="The address at which couriers are answered. Keep it local, and give it an "
        "onion service of its own, better one with client authorization.",
    )
    courier_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="The port at which couriers are answered; another one than that for sources. "
        "Without it and courier_socket, nobody answers couriers.",
    )
    courier_socket: Path | None = Field(
        default=None,
        description="A Unix socket at which couriers are answered instead.",
    )
    leave_to: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s\"<>]+$",
        description="Where 'leave now' goes: some innocent page. Without it, to a blank page of "
        "ours, which asks nobody else for anything.",
    )
    report_limit: ByteSize = Field(
        default=ByteSize(4 * GIBIBYTE),
        ge=2 * MEBIBYTE,
        description="The largest report, files and text together; the page says it beforehand.",
    )
    uploads_at_once: int = Field(
        default=500,
        ge=1,
        description="How many reports may be on their way at the same time; the next one is asked "
        "to come back. Each takes memory and three open files.",
    )
    key_stretches_at_once: int = Field(
        default=1,
        ge=1,
        le=16,
        description="How many codenames may be stretched at the same time. Each takes 64 MiB of "
        "memory and about 0.1 s of a core.",
    )
    sealing_threads: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Threads that seal what arrives; they also wait for the disk.",
    )
    header_seconds: float = Field(
        default=30.0, gt=0, description="How long a request's header may take, all of it."
    )
    stall_seconds: float = Field(
        default=60.0,
        gt=0,
        description="A body must bring stall_bytes in each such time, or the connection ends. Tor "
        "is slow, so ask for little: this is against those who hold connections open.",
    )
    stall_bytes: int = Field(default=1024, ge=1, description="See stall_seconds.")
    keep_alive_seconds: int = Field(
        default=15, ge=1, description="How long an idle connection is kept for the next page."
    )
    stop_seconds: int = Field(
        default=20,
        ge=0,
        description="How long a stopping service waits for reports on their way.",
    )

    @model_validator(mode="after")
    def _require_places_apart(self) -> Self:
        """Keep couriers from where sources come."""
        courier, source = self.courier_place, self.place
        if courier is not None and (courier.port, courier.socket) == (source.port, source.socket):
            raise ValueError("couriers need a port or socket of their own, apart from the sources'")
        return self

    @property
    def place(self) -> "Place":
        """Where sources are answered."""
        return Place(self.host, 0 if self.socket else self.port, self.socket)

    @property
    def courier_place(self) -> "Place | None":
        """Where couriers are answered, if they are."""
        if self.courier_socket is not None:
            return Place(self.courier_host, 0, self.courier_socket)
        if self.courier_port is not None:
            return Place(self.courier_host, self.courier_port, None)
        return None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment override the file, whose values come in as arguments."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings


def load_settings(path: Path | None) -> Settings:
    """Read the settings; relative paths in the file start at the file's directory.

    Raises:
        SettingsError: unreadable, not TOML, an unknown setting or a value out of bounds.
    """
    values = _read_toml(path) if path else {}
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None
    base = path.parent if path else Path()
    places = {name: base / place for name in _PLACES if (place := getattr(settings, name))}
    return settings.model_copy(update=places)


_PLACES: Final = ("roster", "log_key", "data", "socket", "courier_socket")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # tomllib quotes the line, which may hold a secret
        raise SettingsError(f"{path} is not TOML") from None


def _explain(error: ValidationError) -> str:
    problems = (
        f"{'.'.join(map(str, problem['loc'])) or 'settings'}: {problem['msg'].lower()}"
        for problem in error.errors(include_input=False, include_url=False, include_context=False)
    )
    return "; ".join(problems)


def document_settings(values: dict[str, str | int]) -> str:
    """Write a settings file: `values` as they are, the rest commented out with its default."""
    lines = ["# Candor: the operator's settings. Each can be overridden by CANDOR_<NAME>.", ""]
    for name, field in Settings.model_fields.items():
        lines += [f"# {line}" for line in textwrap.wrap(field.description or "", 96)]
        chosen = name in values
        value = values[name] if chosen else field.get_default()
        lines += [f"{'' if chosen else '# '}{name} = {_toml(value)}", ""]
    return "\n".join(lines)


def _toml(value: object) -> str:
    """Write a string, path or number as TOML; nothing as an empty string in a comment."""
    if isinstance(value, int | float):
        return str(value)
    return json.dumps("" if value is None else str(value), ensure_ascii=False)
