"""The strict look at a header while it arrives, so that a wrong one is refused at once.

With nothing but hybrid stanzas every part has its length, and its first bytes tell which it is:

    age-encryption.org/v1 LF                              22
    -> mlkem768x25519 <enc, 1,120 bytes> LF <body> LF     1,557 each
    --- <MAC> LF                                          48

Source: protocol section 2; c2sp.org/age, "Header".
"""

from collections.abc import Set as AbstractSet

from crypto.errors import MalformedEnvelopeError
from crypto.header import VERSION, header_bytes, parse_header, require_slots
from intake.errors import MalformedHeaderError, WrongSlotsError

_STANZA = b"-> mlkem768x25519 "
_END = b"--- "
_STANZA_BYTES = header_bytes(1) - header_bytes(0)


class HeaderGate:
    """Collect one header and judge each part as soon as its first bytes are there.

    It holds at most the header that the door allows (25 KB with 16 slots): the one thing that an
    arrival keeps in memory, since it goes to the disk in its row or not at all.

    Args:
        slots: numbers of stanzas that are taken.
    """

    __slots__ = ("_part", "_slots", "_stanzas", "_wanted", "complete", "header")

    def __init__(self, slots: AbstractSet[int]) -> None:
        self.header = bytearray()
        self.complete = False
        self._slots = slots
        self._stanzas = 0
        self._part = 0  # where the part that comes next begins
        self._wanted = len(VERSION)  # the header's length at the next judgement

    def feed(self, data: memoryview) -> int:
        """Take what belongs to the header, and say how many bytes that was.

        Raises:
            MalformedHeaderError: not a strict header of hybrid stanzas.
            WrongSlotsError: one with a number of slots that this door does not take.
        """
        taken = 0
        while not self.complete and taken < len(data):
            piece = data[taken : taken + self._wanted - len(self.header)]
            self.header += piece
            taken += len(piece)
            if len(self.header) == self._wanted:
                self._judge()
        return taken

    def _judge(self) -> None:
        if self._part == 0:
            self._judge_version()
        elif self.header.startswith(_STANZA, self._part):
            self._begin_stanza()
        elif not self.header.startswith(_END, self._part):
            raise MalformedHeaderError("the header has a stanza of another kind")
        elif self._wanted < self._part + header_bytes(0) - len(VERSION):
            self._begin_end()
        else:
            self._judge_whole()

    def _judge_version(self) -> None:
        if self.header != VERSION:
            raise MalformedHeaderError("not an age file of version 1")
        self._expect_part_at(len(VERSION))

    def _begin_stanza(self) -> None:
        self._stanzas += 1
        if self._stanzas > max(self._slots):
            raise WrongSlotsError("the header has more slots than the channel")
        self._expect_part_at(self._part + _STANZA_BYTES)

    def _begin_end(self) -> None:
        if self._stanzas not in self._slots:
            raise WrongSlotsError("the header has not the channel's number of slots")
        self._wanted = header_bytes(self._stanzas)

    def _expect_part_at(self, offset: int) -> None:
        self._part = offset
        self._wanted = offset + len(_STANZA)

    def _judge_whole(self) -> None:
        """Let the one strict parser have the last word."""
        try:
            require_slots(parse_header(bytes(self.header)), self._stanzas)
        except MalformedEnvelopeError as error:
            raise MalformedHeaderError("the header is not strict age") from error
        self.complete = True
