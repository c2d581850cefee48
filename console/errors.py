"""What a reviewer's command can refuse, a leaf for each decision a caller makes.

ConsoleError
├── UnreadableIdentityError another passphrase, or not an identity file
├── UnknownAttachmentError  no attachment has this number
├── UnanswerableError       a bag of a kind that takes no reply
├── ForgedThreadError       shares one mark of a known thread, and not all three
├── ThreadBookError         the record of reply numbers cannot be read
├── PlanError               the plan of a service breaks a rule of rosters
├── PublicLinesError        not the two public lines of an identity
├── RosterBookError         what lies in a ceremony's directory does not fit together
├── RosterChangeError       no roster can be made by this change
└── RefusedRosterError      a roster does not hold, for one of the six reasons

Messages are lower case, without a full stop, and never repeat what a source sent.
"""


class ConsoleError(Exception):
    """The root of what the console refuses."""


class UnreadableIdentityError(ConsoleError):
    """The identity file does not open; the message says which file and why."""


class UnknownAttachmentError(ConsoleError):
    """The bag has no attachment with this number."""


class UnanswerableError(ConsoleError):
    """The bag is not a report or message of a source."""


class ForgedThreadError(ConsoleError):
    """The bag names part of another source's thread."""


class ThreadBookError(ConsoleError):
    """The record of reply numbers is damaged or sealed to another identity."""


class PlanError(ConsoleError):
    """No roster can be made from the plan; the message says which rule it breaks."""


class PublicLinesError(ConsoleError):
    """A file does not hold the two public lines of an identity."""


class RosterBookError(ConsoleError):
    """A ceremony's directory cannot be used; the message says which file and what to do."""


class RosterChangeError(ConsoleError):
    """The change cannot be made; the message says which rule it breaks."""


class RefusedRosterError(ConsoleError):
    """A roster is refused; the message says which refusal it is, why, and what to do."""
