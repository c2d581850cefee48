"""Codenames, keys and identity files are the same for both."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.codename import Codename
from crypto.errors import CodenameTypoError
from crypto.identity_file import open_identity, seal_identity
from crypto.keys import Identity
from tests.stranger import age, keys
from tests.stranger.support import PASSPHRASE, stranger


def test_both_derive_the_same_keys(mine, theirs):
    assert mine.token == theirs.token
    assert mine.identity.recipient == theirs.identity.recipient.serialize()
    assert mine.signing == theirs.signing.seed
    assert mine.info["Source-Key"] == theirs.info.key.serialize()


def either(word):
    return st.sampled_from([word, word.upper(), word[:4], word[:5], word[:3], word[1:]])


@given(st.data(), st.binary(min_size=10, max_size=10), *[st.sampled_from(list(keys.LANGUAGES))] * 2)
def test_both_read_words_alike(data, random, language, page):
    words = [data.draw(either(word)) for word in Codename.from_random(random, language).words]
    typed = data.draw(st.sampled_from([" ", "\n", ", ", "-", "1", "\u200b"])).join(words)
    try:
        expected = Codename.parse(typed, page).secret
    except CodenameTypoError:
        with pytest.raises(keys.CodenameError):
            keys.read_codename(typed, page)
    else:
        assert keys.read_codename(typed, page) == expected


def test_identity_files_go_both_ways():
    identity = Identity.generate()
    written = age.seal_identity(stranger(identity), PASSPHRASE, 4)
    assert open_identity(written, PASSPHRASE) == identity
    written = seal_identity(identity, PASSPHRASE, work_factor=4)
    assert age.open_identity(written, PASSPHRASE) == stranger(identity)
