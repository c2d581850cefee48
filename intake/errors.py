"""What can go wrong at the one door and behind it, a leaf for each decision a caller makes.

IntakeError
├── RefusedEnvelopeError            not an envelope that this door takes; nothing of it is kept
│   ├── MalformedHeaderError        not a strict age header with stanzas of the one kind
│   ├── WrongSlotsError             slots that the channel does not use: fetch the new roster
│   ├── WrongLengthError            a length that padding cannot produce, or cut short
│   ├── TooLargeError               longer than this door takes
│   └── RestsElsewhereError         the same bytes rest in another channel: seal it again
├── UnknownEnvelopeError            no such envelope, or it was removed meanwhile
│   └── UnknownReplyError           no such reply waits in this mailbox
├── ReplayedRequestError            a courier's request that was answered before
├── UnknownDayError                 the log has no such day (yet)
├── UnrestoredLogError              the log lacks what it had: it must be restored, never begun anew
├── StorageError                    the disk or the database failed: nothing was kept, try again
│   ├── StorageFullError            no room: the operator must make some
│   └── RemnantsLeftError           removed, but erased bytes may still be in a file: run it again
└── DirectoryError                  the data directory cannot be used
    ├── NotADataDirectoryError      nothing was ever created there
    ├── NewerDirectoryError         a newer version of this program has used it
    └── DirectoryInUseError         another process is at work in it

Messages are lower case, without a full stop, and never repeat what a source sent.
"""


class IntakeError(Exception):
    """The root of every error that the intake raises."""


class RefusedEnvelopeError(IntakeError):
    """The bytes are not an envelope that this door takes; nothing of them is kept."""


class MalformedHeaderError(RefusedEnvelopeError):
    """The header is not strict age v1, or has a stanza of another kind."""


class WrongSlotsError(RefusedEnvelopeError):
    """The header has a number of slots that the channel does not use (any more)."""


class WrongLengthError(RefusedEnvelopeError):
    """The envelope is cut short, or of a length that padding cannot produce."""


class TooLargeError(RefusedEnvelopeError):
    """The envelope is longer than this door takes."""


class RestsElsewhereError(RefusedEnvelopeError):
    """The same envelope rests in another channel, where a copy was handed in first."""


class UnknownEnvelopeError(IntakeError):
    """There is no such envelope, or it was removed while it was being read."""


class UnknownReplyError(UnknownEnvelopeError):
    """No such reply waits in this mailbox."""


class ReplayedRequestError(IntakeError):
    """A courier's request was answered before: this is a copy of it."""


class UnknownDayError(IntakeError):
    """The log has no such day (yet)."""


class UnrestoredLogError(IntakeError):
    """The log lacks what it had: going on with it would make a second one."""


class StorageError(IntakeError):
    """The disk or the database failed; what was being stored is gone, what was stored stays."""


class StorageFullError(StorageError):
    """There is no room left."""


class RemnantsLeftError(StorageError):
    """Rows are gone, but the log that still holds their bytes could not be emptied yet."""


class DirectoryError(IntakeError):
    """The data directory cannot be used."""


class NotADataDirectoryError(DirectoryError):
    """Nothing was ever created in this directory."""


class NewerDirectoryError(DirectoryError):
    """A newer version of this program has used this directory."""


class DirectoryInUseError(DirectoryError):
    """Another process is at work in this directory."""
