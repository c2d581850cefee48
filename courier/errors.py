"""What can go wrong on a courier's errand, a leaf for each decision a caller makes.

CourierError
├── SetupError              no courier's directory, or one that cannot be used as it is
├── BusyError               another run is at work in the directory
├── StrangerError           the service, or its roster, does not know this courier
├── UnreachableError        no connection: nothing can be had of the service now
├── NotThereError           the service says that it has no such thing
├── RefusedError            the service refuses what was sent
└── TroubleError            it answers, and not as it should: try this request again
    └── AlteredError        what came is not what was asked for

Messages are lower case, without a full stop, and never repeat what a service sent.
"""


class CourierError(Exception):
    """The root of what a courier's command refuses."""


class SetupError(CourierError):
    """The directory is not a courier's, or cannot be used; the message says what to do."""


class BusyError(CourierError):
    """Another run is at work in the directory."""


class StrangerError(CourierError):
    """The service, or the roster, does not know this courier."""


class UnreachableError(CourierError):
    """The service cannot be reached."""


class NotThereError(CourierError):
    """The service says that it has no such thing."""


class RefusedError(CourierError):
    """The service refuses what was sent."""


class TroubleError(CourierError):
    """The service answers, and not as it should.

    Attributes:
        gained: whether enough came before to say that trying again is no waste.
    """

    def __init__(self, message: str, *, gained: bool = False) -> None:
        super().__init__(message)
        self.gained = gained


class AlteredError(TroubleError):
    """What came is not what was asked for."""
