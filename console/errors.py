"""What a reviewer's command can refuse, a leaf for each decision a caller makes.

ConsoleError
├── UnreadableIdentityError another passphrase, or not an identity file
├── UnreadableRootError     another passphrase, or not a root key's file
├── UnreadableShareError    no share of a key, or a mistyped one
├── OtherKeyError           shares make another key than the one that is wanted
├── UnknownAttachmentError  no attachment has this number
├── UnanswerableError       a bag of a kind that takes no reply
├── UndisclosableError      nobody can be asked, or told, who the source of this is
├── NotEntitledError        the identity is nobody's who may ask, or tell
├── NoRosterError           no roster at hand tells who may ask and tell
├── ForgedThreadError       shares one mark of a known thread, and not all three
├── ThreadBookError         the record of reply numbers cannot be read
├── PlanError               the plan of a service breaks a rule of rosters
├── PublicLinesError        not the two public lines of an identity
├── RosterBookError         what lies in a ceremony's directory does not fit together
├── RosterChangeError       no roster can be made by this change
├── RefusedRosterError      a roster does not hold, for one of the six reasons
├── ImportDirectoryError    the directory of imports is busy, damaged or incomplete
├── UnpinnedRootError       the first import was given no root key to trust
├── OtherRootError          the directory belongs to another root key
├── UnknownAlarmError       no alarm has this number
├── UnwitnessedDayError     no courier of the roster has witnessed the day to begin at
├── LogFileError            not a day's file
├── NotLoggedError          the day's file has no such envelope
├── ReceiptError            a receipt or a log is of another service than the roster
└── RefusedBundleError      a bundle is not taken
    ├── DamagedBundleError      cut short or altered on the way: carry it again
    ├── ForgedBundleError       the signature is not the courier's
    ├── ForeignBundleError      another service, courier or channel
    ├── UnlistedFormError       brings a form that the roster does not name
    ├── ReplayedBundleError     imported before
    ├── RolledBackBundleError   another one with its serial was imported before
    ├── MissingBundleError      one before it was not imported
    └── ForkedBundleError       does not follow the one before

Messages are lower case, without a full stop, and never repeat what a source sent.
"""


class ConsoleError(Exception):
    """The root of what the console refuses."""


class UnreadableIdentityError(ConsoleError):
    """The identity file does not open; the message says which file and why."""


class UnreadableRootError(ConsoleError):
    """The root key's file does not open; the message says which file and why."""


class UnreadableShareError(ConsoleError):
    """A file holds no share of a key; the message says which file and why."""


class OtherKeyError(ConsoleError):
    """Shares make a key, and not the one that is wanted."""


class UnknownAttachmentError(ConsoleError):
    """The bag has no attachment with this number."""


class UnanswerableError(ConsoleError):
    """The bag is not a report or message of a source."""


class UndisclosableError(ConsoleError):
    """There is nobody to ask who the source is, or nothing to tell; the message says why."""


class NotEntitledError(ConsoleError):
    """None of the identities is of somebody whom the roster lets do this."""


class NoRosterError(ConsoleError):
    """No roster that holds is at hand, and without one nobody's name is known."""


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


class ImportDirectoryError(ConsoleError):
    """The directory of imports cannot be used; the message says why and what to do."""


class UnpinnedRootError(ConsoleError):
    """The first import was given no root key; the message says how to come by it."""


class OtherRootError(ConsoleError):
    """The directory was begun under another root key."""


class UnknownAlarmError(ConsoleError):
    """There is no alarm of this number."""


class UnwitnessedDayError(ConsoleError):
    """The day to begin at bears no signature of a courier of the roster."""


class LogFileError(ConsoleError):
    """A file is not a day of a log; the message says which file and why."""


class NotLoggedError(ConsoleError):
    """The day's file has no envelope of this hash."""


class ReceiptError(ConsoleError):
    """The receipt, or the log, is not one of the roster's service."""


class RefusedBundleError(ConsoleError):
    """A bundle is refused; nothing of it was taken unless the message says so."""


class DamagedBundleError(RefusedBundleError):
    """The bundle was cut short or altered on the way; the message says where."""


class ForgedBundleError(RefusedBundleError):
    """The bundle's signature is not that of the courier that it names."""


class ForeignBundleError(RefusedBundleError):
    """The bundle's service, courier or channel is not one of this directory's."""


class UnlistedFormError(RefusedBundleError):
    """The form in the bundle is not the one that the roster names."""


class ReplayedBundleError(RefusedBundleError):
    """The bundle was imported before."""


class RolledBackBundleError(RefusedBundleError):
    """Another bundle with this serial was imported before."""


class MissingBundleError(RefusedBundleError):
    """Bundles before this one were not imported; the message says which."""


class ForkedBundleError(RefusedBundleError):
    """The bundle does not follow the one that was imported before it."""
