"""What a courier is told once: which service, under which root key, by which way.

`settings.json` is one JSON object, its keys sorted, indented by two spaces. The numbers may be
changed by hand.
"""

import json
import re
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from courier.errors import SetupError
from crypto.bag_info import require_id
from crypto.errors import DamagedBagError, KeyFormatError
from crypto.minisign import VerifyKey
from crypto.strict_json import parse_json

TOR = "socks5h://127.0.0.1:9050"
NO_PROXY = "none"
MAX_SETTINGS_BYTES = 16 * 1024
_ORIGIN = re.compile(r"https?://(?P<host>[a-z0-9.-]{1,253}|\[[0-9a-f:]{2,39}\])(?::[1-9]\d{0,4})?")
_PROXY = re.compile(r"socks5h://[A-Za-z0-9.:\[\]-]{1,255}:[1-9]\d{0,4}")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a courier.

    Attributes:
        service: where the service listens for couriers, `http://….onion`.
        root: the service's root key, `RW…`.
        id: this courier's, as in the roster.
        proxy: Tor's SOCKS port, or `none` on the service's own machine.
        wait_seconds: for a connection, and then for something to come; onions take their time.
        request_seconds: for one request, from the first byte to the last; what has come of an
            envelope is kept, and the next request goes on there.
        run_seconds: for a whole run; each channel has its share of what is left.
        look_seconds: at most, and at random, before a look at what sources are shown.
        tries: of a request that fails, before it is given up for now.
        pause_seconds: between two tries.
        requests_at_once: envelopes that are fetched at the same time.
        keep_days: how long a bundle is kept here after it was handed out.
    """

    service: str
    root: str
    id: str
    proxy: str = TOR
    wait_seconds: float = field(default=120.0, metadata={"least": 0.1})
    request_seconds: float = field(default=1800.0, metadata={"least": 0.1})
    run_seconds: float = field(default=72000.0, metadata={"least": 0.1})
    look_seconds: float = field(default=120.0, metadata={"least": 0})
    tries: int = field(default=4, metadata={"least": 1})
    pause_seconds: float = field(default=3.0, metadata={"least": 0})
    requests_at_once: int = field(default=4, metadata={"least": 1})
    keep_days: int = field(default=30, metadata={"least": 0})

    def __post_init__(self) -> None:
        for number in fields(self):
            least = number.metadata.get("least")
            if least is not None and getattr(self, number.name) < least:
                raise SetupError(f"{number.name} is at least {least}")
        try:
            VerifyKey.parse(self.root)
            require_id(self.id)
        except KeyFormatError:
            raise SetupError("the root key is the line RW… that the service publishes") from None
        except ValueError as error:
            raise SetupError(f"{error}: give the courier's as in the roster") from None
        require_way(self.service, self.proxy)

    @property
    def root_key(self) -> VerifyKey:
        """The root key."""
        return VerifyKey.parse(self.root)

    def serialize(self) -> bytes:
        """Write settings.json."""
        return f"{json.dumps(asdict(self), indent=2, sort_keys=True)}\n".encode()

    @classmethod
    def parse(cls, data: bytes) -> "Settings":
        """Read settings.json.

        Raises:
            SetupError: another key, a value of another type, or one out of bounds.
        """
        try:
            content = parse_json(data[:MAX_SETTINGS_BYTES], "settings.json")
        except DamagedBagError as error:
            raise SetupError(f"{error}") from None
        known = {f.name: _TYPES[f.type] for f in fields(cls)}
        if not isinstance(content, dict) or content.keys() != known.keys():
            raise SetupError("settings.json has not the keys that `candor courier init` wrote")
        for name, types in known.items():
            if type(content[name]) not in types:
                raise SetupError(f"settings.json: {name} has a value of another kind")
        return cls(**content)


_TYPES: dict[Any, tuple[type, ...]] = {str: (str,), int: (int,), float: (int, float)}


def is_loopback(origin: str) -> bool:
    """Tell whether an origin is this very machine."""
    match = _ORIGIN.fullmatch(origin)
    return match is not None and match["host"] in _LOOPBACK


def require_way(origin: str, proxy: str) -> None:
    """Refuse an origin that would be reached past Tor, or by no way at all.

    Raises:
        SetupError: saying which.
    """
    match = _ORIGIN.fullmatch(origin)
    if match is None or not (match["host"].endswith(".onion") or is_loopback(origin)):
        raise SetupError("the service is an onion address: http://….onion, nothing behind it")
    if proxy == NO_PROXY:
        if not is_loopback(origin):
            raise SetupError(f"an onion is reached through Tor only: --proxy {TOR}, or as yours is")
    elif _PROXY.fullmatch(proxy) is None:
        raise SetupError(f"a proxy is Tor's SOCKS port, such as {TOR}")
