"""Why a request is refused: a fixed reason, a fixed status, nothing of what was sent.

One table gives each reason its HTTP status, another gives every domain error its reason. The words,
in the source's language, are `app.pages`'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final

import crypto.errors as formats
import intake.errors as storage


class Reason(StrEnum):
    """Every reason there is."""

    # about the form, beside the field where there is one
    NOTHING_SENT = "nothing_sent"
    NO_READERS = "no_readers"
    UNKNOWN_READER = "unknown_reader"
    UNKNOWN_FIELD = "unknown_field"
    DUPLICATE_FIELD = "duplicate_field"
    UNKNOWN_OPTION = "unknown_option"
    DUPLICATE_OPTION = "duplicate_option"
    CONTROL_CHARACTER = "control_character"
    BAD_ENCODING = "bad_encoding"
    TOO_LONG = "too_long"
    TEXT_TOO_LONG = "text_too_long"
    FIELD_AFTER_FILES = "field_after_files"
    BAD_FILE_NAME = "bad_file_name"
    TOO_MANY_FILES = "too_many_files"
    TOO_LARGE = "too_large"
    # about the body as a whole
    NOT_A_FORM = "not_a_form"
    BROKEN_FORM = "broken_form"
    TOO_MANY_PARTS = "too_many_parts"
    # about the words and the session
    CODENAME_TYPO = "codename_typo"
    BAD_SESSION = "bad_session"
    MAILBOX_CLOSED = "mailbox_closed"
    # about the request
    BAD_REQUEST = "bad_request"
    NOT_FOUND = "not_found"
    WRONG_METHOD = "wrong_method"
    UNKNOWN_HOST = "unknown_host"
    CROSS_SITE = "cross_site"
    UNKNOWN_CHANNEL = "unknown_channel"
    UNKNOWN_REPLY = "unknown_reply"
    # about the service
    BUSY = "busy"
    STORAGE_FULL = "storage_full"
    STORAGE_FAILED = "storage_failed"
    ROSTER_EXPIRED = "roster_expired"
    INTERNAL = "internal"


STATUS: Final[Mapping[Reason, HTTPStatus]] = {
    Reason.NOTHING_SENT: HTTPStatus.UNPROCESSABLE_ENTITY,
    Reason.NO_READERS: HTTPStatus.UNPROCESSABLE_ENTITY,
    Reason.UNKNOWN_READER: HTTPStatus.UNPROCESSABLE_ENTITY,
    Reason.UNKNOWN_FIELD: HTTPStatus.UNPROCESSABLE_ENTITY,
    Reason.DUPLICATE_FIELD: HTTPStatus.UNPROCESSABLE_ENTITY,
    Reason.UNKNOWN_OPTION: HTTPStatus.UNPROCESSABLE_ENTITY,
    Reason.DUPLICATE_OPTION: HTTPStatus.UNPROCESSABLE_ENTITY,
    Reason.CONTROL_CHARACTER: HTTPStatus.UNPROCESSABLE_ENTITY,
    Reason.BAD_ENCODING: HTTPStatus.UNPROCESSABLE_ENTITY,
    Reason.TOO_LONG: HTTPStatus.UNPROCESSABLE_ENTITY,
    Reason.TEXT_TOO_LONG: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Reason.FIELD_AFTER_FILES: HTTPStatus.UNPROCESSABLE_ENTITY,
    Reason.BAD_FILE_NAME: HTTPStatus.UNPROCESSABLE_ENTITY,
    Reason.TOO_MANY_FILES: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Reason.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Reason.NOT_A_FORM: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Reason.BROKEN_FORM: HTTPStatus.BAD_REQUEST,
    Reason.TOO_MANY_PARTS: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Reason.CODENAME_TYPO: HTTPStatus.UNPROCESSABLE_ENTITY,
    Reason.BAD_SESSION: HTTPStatus.FORBIDDEN,
    Reason.MAILBOX_CLOSED: HTTPStatus.FORBIDDEN,
    Reason.BAD_REQUEST: HTTPStatus.BAD_REQUEST,
    Reason.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Reason.WRONG_METHOD: HTTPStatus.METHOD_NOT_ALLOWED,
    Reason.UNKNOWN_HOST: HTTPStatus.MISDIRECTED_REQUEST,
    Reason.CROSS_SITE: HTTPStatus.FORBIDDEN,
    Reason.UNKNOWN_CHANNEL: HTTPStatus.NOT_FOUND,
    Reason.UNKNOWN_REPLY: HTTPStatus.NOT_FOUND,
    Reason.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.STORAGE_FULL: HTTPStatus.INSUFFICIENT_STORAGE,
    Reason.STORAGE_FAILED: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.ROSTER_EXPIRED: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}

# What a source's request can run into; everything else of these rooms is a fault of ours.
DOMAIN_REASONS: Final[Mapping[type[Exception], Reason]] = {
    formats.CodenameTypoError: Reason.CODENAME_TYPO,
    formats.ExpiredRosterError: Reason.ROSTER_EXPIRED,
    formats.CandorError: Reason.INTERNAL,
    formats.EnvelopeError: Reason.INTERNAL,
    formats.MalformedEnvelopeError: Reason.INTERNAL,
    formats.NotAddressedError: Reason.INTERNAL,
    formats.DamagedEnvelopeError: Reason.INTERNAL,
    formats.BagError: Reason.INTERNAL,
    formats.DamagedBagError: Reason.INTERNAL,
    formats.UnsignedBagError: Reason.INTERNAL,
    formats.KeyFormatError: Reason.INTERNAL,
    formats.IdentityFileError: Reason.INTERNAL,
    formats.MalformedIdentityFileError: Reason.INTERNAL,
    formats.WrongPassphraseError: Reason.INTERNAL,
    formats.SignatureError: Reason.INTERNAL,
    formats.UnsignedRequestError: Reason.INTERNAL,
    formats.UntimelyRequestError: Reason.INTERNAL,
    formats.RosterError: Reason.INTERNAL,
    formats.UnsignedRosterError: Reason.INTERNAL,
    formats.MalformedRosterError: Reason.INTERNAL,
    formats.ForeignRosterError: Reason.INTERNAL,
    formats.RolledBackRosterError: Reason.INTERNAL,
    formats.ForkedRosterError: Reason.INTERNAL,
    formats.BundleError: Reason.INTERNAL,
    formats.UnsignedBundleError: Reason.INTERNAL,
    formats.ShareError: Reason.INTERNAL,
    formats.MistypedShareError: Reason.INTERNAL,
    formats.ForeignShareError: Reason.INTERNAL,
    formats.OtherSetError: Reason.INTERNAL,
    formats.RepeatedShareError: Reason.INTERNAL,
    formats.TooFewSharesError: Reason.INTERNAL,
    formats.WrongShareError: Reason.INTERNAL,
    formats.LogError: Reason.INTERNAL,
    formats.MalformedLogError: Reason.INTERNAL,
    formats.UnsignedHeadError: Reason.INTERNAL,
    formats.ShrunkLogError: Reason.INTERNAL,
    formats.ForkedLogError: Reason.INTERNAL,
    formats.UnlinkedDayError: Reason.INTERNAL,
    storage.UnknownEnvelopeError: Reason.UNKNOWN_REPLY,
    storage.UnknownReplyError: Reason.UNKNOWN_REPLY,
    storage.TooLargeError: Reason.TOO_LARGE,
    storage.StorageError: Reason.STORAGE_FAILED,
    storage.StorageFullError: Reason.STORAGE_FULL,
    storage.RemnantsLeftError: Reason.STORAGE_FAILED,
    storage.ReplayedRequestError: Reason.INTERNAL,
    storage.UnknownDayError: Reason.NOT_FOUND,
    storage.UnrestoredLogError: Reason.INTERNAL,
    storage.IntakeError: Reason.INTERNAL,
    # the app seals what it hands in, so intake refusing it is a fault here
    storage.RefusedEnvelopeError: Reason.INTERNAL,
    storage.MalformedHeaderError: Reason.INTERNAL,
    storage.WrongSlotsError: Reason.INTERNAL,
    storage.WrongLengthError: Reason.INTERNAL,
    storage.RestsElsewhereError: Reason.INTERNAL,
    storage.DirectoryError: Reason.INTERNAL,
    storage.NotADataDirectoryError: Reason.INTERNAL,
    storage.NewerDirectoryError: Reason.INTERNAL,
    storage.DirectoryInUseError: Reason.INTERNAL,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and with which field of the form, if it is about one."""

    field: str | None
    reason: Reason


class RefusedForm(Exception):  # noqa: N818 - an answer to the source, not a fault
    """A form is refused; what was typed goes back into its fields.

    Attributes:
        problems: at least one; the first decides the status.
        values: the texts and choices that had arrived, as they were sent.
    """

    def __init__(
        self, problems: Sequence[Problem], values: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        super().__init__("the form is refused")
        self.problems = tuple(problems)
        self.values: Mapping[str, Sequence[str]] = values or {}

    @property
    def status(self) -> HTTPStatus:
        """Give the status of the answer."""
        return STATUS[self.problems[0].reason]


class Refusal(Exception):  # noqa: N818 - an answer to the source, not a fault
    """A request ends here, with the page of one reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def reason_of(error: BaseException) -> Reason:
    """Find the reason of a domain error; anything unknown is a fault of ours."""
    for kind in type(error).__mro__:
        if kind in DOMAIN_REASONS:
            return DOMAIN_REASONS[kind]
    return Reason.INTERNAL
