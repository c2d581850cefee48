"""What a reviewer's command can refuse, a leaf for each decision a caller makes.

ConsoleError
├── UnreadableIdentityError another passphrase, or not an identity file
├── UnknownAttachmentError  no attachment has this number
├── UnanswerableError       a bag of a kind that takes no reply
├── ForgedThreadError       shares one mark of a known thread, and not all three
├── ThreadBookError         the record of reply numbers cannot be read
└── PlanError               the plan of a service breaks a rule of rosters

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
