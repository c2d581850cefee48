import pytest

from crypto.errors import MalformedEnvelopeError, NotAddressedError
from crypto.keys import Identity
from crypto.passphrase import ScryptIdentity, wrap_with_passphrase

FILE_KEY = bytes(range(16))
IDENTITY = Identity(bytes(range(32)))


def test_a_passphrase_unwraps_what_it_wrapped_and_no_other_does():
    stanza = wrap_with_passphrase(FILE_KEY, "слово", salt=bytes(16), work_factor=4)
    assert ScryptIdentity("слово").unwrap([stanza]) == FILE_KEY
    with pytest.raises(NotAddressedError):
        ScryptIdentity("слава").unwrap([stanza])
    with pytest.raises(NotAddressedError):
        ScryptIdentity("слово").unwrap([IDENTITY.recipient.wrap(FILE_KEY)])


def test_a_passphrase_that_is_not_utf_8_is_taken_as_it_was_typed():
    typed = b"caf\xe9".decode(errors="surrogateescape")
    stanza = wrap_with_passphrase(FILE_KEY, typed, salt=bytes(16), work_factor=4)
    assert ScryptIdentity(typed).unwrap([stanza]) == FILE_KEY


def test_a_work_factor_over_the_bound_is_refused_before_it_is_computed():
    stanza = wrap_with_passphrase(FILE_KEY, "x", salt=bytes(16), work_factor=5)
    with pytest.raises(MalformedEnvelopeError, match="work factor"):
        ScryptIdentity("x", max_work_factor=4).unwrap([stanza])
    with pytest.raises(ValueError, match="work factor"):
        wrap_with_passphrase(FILE_KEY, "x", salt=bytes(16), work_factor=21)
