"""`candor serve`."""

import errno
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from cli.errors import CommandError
from cli.options import DEFAULT_CONFIG, Config
from cli.service_files import read_settings

if TYPE_CHECKING:
    from app.settings import Place, Settings


def serve(config: Config = DEFAULT_CONFIG) -> None:
    """Serve the pages on which sources write and read.

    Listens on this machine only; Tor's onion service stands in front. What is left of a killed
    process is removed first, and each day is closed at 00:00 UTC. Ctrl-C or SIGTERM ends it in
    order: reports on their way still arrive.
    """
    run_service(config)


def run_service(config: Path) -> None:
    """Serve with these settings.

    Raises:
        CommandError: there are no settings, or the port is taken.
        StartError: something else that the operator must mend first.
    """
    from app.serve import serve as serve_settings

    settings = read_settings(config)
    require_free_port(settings)
    serve_settings(settings)


def require_free_port(settings: "Settings") -> None:
    """Say plainly that somebody else listens there.

    Raises:
        CommandError: another program has a port, or this address is not ours.
    """
    for place in (settings.place, settings.courier_place):
        if place is not None and place.socket is None:
            _require_free(place)


def _require_free(place: "Place") -> None:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((place.host, place.port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise CommandError(
                f"port {place.port} of {place.host} is in use: stop what listens there"
                " (another `candor`?), then start again"
            ) from None
