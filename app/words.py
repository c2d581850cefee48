"""The fixed words for everything that can go wrong, and for what a reviewer's status means.

They say what to do, blame nobody, and repeat nothing that was sent. `say` marks a text for the
translators; the page looks it up in its language.
"""

from collections.abc import Mapping
from typing import Final

from app.errors import Reason
from crypto.bag_info import StatusCode


def say(message: str) -> str:
    """Mark a text for translation and leave it as it is."""
    return message


_NOT_SENT = say("This did not arrive")
_NOT_HERE = say("There is nothing here")
_ENDED = say("This page has ended")
_LATER = say("Please come back later")
_SEND_AGAIN = say("What arrived was not complete. Please open the form and send it again.")
_CHANGED = say(
    "The form has changed since you opened it. Please look through your answers and send it again."
)

HEADINGS: Final[Mapping[Reason, str]] = {
    Reason.CODENAME_TYPO: say("The words do not fit together"),
    Reason.BAD_SESSION: _ENDED,
    Reason.BAD_REQUEST: _NOT_HERE,
    Reason.NOT_FOUND: _NOT_HERE,
    Reason.WRONG_METHOD: _NOT_HERE,
    Reason.UNKNOWN_HOST: _NOT_HERE,
    Reason.UNKNOWN_CHANNEL: _NOT_HERE,
    Reason.UNKNOWN_REPLY: _NOT_HERE,
    Reason.BUSY: _LATER,
    Reason.STORAGE_FULL: _LATER,
    Reason.STORAGE_FAILED: _LATER,
    Reason.ROSTER_EXPIRED: say("This service is closed for now"),
    Reason.INTERNAL: _LATER,
}
OTHER_HEADING: Final = _NOT_SENT
"""The heading of every other reason."""

# Some name a limit: %(files)s, %(text_size)s or %(total_size)s.
ADVICE: Final[Mapping[Reason, str]] = {
    Reason.NOTHING_SENT: say("Write a few words, or choose a file."),
    Reason.NO_READERS: say("Choose at least one person who may read this."),
    Reason.UNKNOWN_READER: say("The list of readers has changed. Please look at it again."),
    Reason.UNKNOWN_FIELD: _CHANGED,
    Reason.DUPLICATE_FIELD: _CHANGED,
    Reason.UNKNOWN_OPTION: say("This question has changed. Please answer it again."),
    Reason.DUPLICATE_OPTION: say("This question has changed. Please answer it again."),
    Reason.CONTROL_CHARACTER: say(
        "There are invisible characters in this text. Please type it here instead of pasting it."
    ),
    Reason.BAD_ENCODING: say("This text did not arrive as letters. Please type it again."),
    Reason.TOO_LONG: say("This is too long. Please shorten it, or put the rest into your report."),
    Reason.TEXT_TOO_LONG: say(
        "All answers together may be as long as %(text_size)s. Please put the longest into a file."
    ),
    Reason.FIELD_AFTER_FILES: _CHANGED,
    Reason.BAD_FILE_NAME: say(
        "The name of a file cannot be sent. Please give it a short name and choose it again."
    ),
    Reason.TOO_MANY_FILES: say(
        "You can send %(files)s files at once. Please send the others later, from your mailbox."
    ),
    Reason.TOO_LARGE: say(
        "All files together may be as large as %(total_size)s."
        " Please send some of them later, from your mailbox."
    ),
    Reason.NOT_A_FORM: _SEND_AGAIN,
    Reason.BROKEN_FORM: _SEND_AGAIN,
    Reason.TOO_MANY_PARTS: _SEND_AGAIN,
    Reason.CODENAME_TYPO: say(
        "There is a typing error in the words. Please compare them with your paper, one by one."
    ),
    Reason.BAD_SESSION: say(
        "Pages with private things on them end by themselves after a while."
        " You can open your mailbox again with your secret words."
    ),
    Reason.MAILBOX_CLOSED: say(
        "This page was open for long, so your mailbox has closed and nothing was sent yet."
        " Please type your secret words and send it again."
    ),
    Reason.BAD_REQUEST: say("What was asked for is not understood."),
    Reason.NOT_FOUND: say("Perhaps the address has a typing error."),
    Reason.WRONG_METHOD: say("Perhaps the address has a typing error."),
    Reason.UNKNOWN_HOST: say(
        "This service does not belong to the address you used. Please check it, letter by letter."
    ),
    Reason.CROSS_SITE: say(
        "It came from a page that is not ours, so it was not accepted. Please start here again."
    ),
    Reason.UNKNOWN_CHANNEL: say("Perhaps the address has a typing error."),
    Reason.UNKNOWN_REPLY: say("This message does not wait here any more."),
    Reason.BUSY: say("Many people are here at the moment. Please try again in a few minutes."),
    Reason.STORAGE_FULL: say(
        "There is no room for anything new at the moment, and nothing was kept."
        " Please try again tomorrow."
    ),
    Reason.STORAGE_FAILED: say(
        "It could not be stored, and nothing was kept. Please try again later."
    ),
    Reason.ROSTER_EXPIRED: say(
        "Its list of readers has run out, so there is nobody to whom anything could be sealed."
        " Nothing was kept. Please look again in a few days."
    ),
    Reason.INTERNAL: say(
        "Something went wrong on our side. If you were sending something and no page said that it"
        " arrived, please send it again later."
    ),
}

STATUSES: Final[Mapping[StatusCode, str]] = {
    StatusCode.OPENED: say("Your report has been opened"),
    StatusCode.QUESTION: say("There is a question for you"),
    StatusCode.WORKING: say("Your report is being worked on"),
    StatusCode.PASSED_ON: say("Your report has been passed on"),
    StatusCode.CLOSED: say("The work on your report has ended"),
}
