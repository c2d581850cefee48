"""What can go wrong with a format, a leaf for each decision a caller makes.

CandorError
├── EnvelopeError
│   ├── MalformedEnvelopeError      not strict age v1: refuse the file
│   ├── NotAddressedError           well formed, and no identity at hand opens it
│   └── DamagedEnvelopeError        altered, reordered or cut short
├── BagError
│   └── DamagedBagError             not exactly the ZIP profile, or manifests or signature fail
│       └── UnsignedBagError        the signature is nobody's who may sign such a bag
├── KeyFormatError                  not a recipient, identity or public key
├── IdentityFileError
│   ├── MalformedIdentityFileError
│   └── WrongPassphraseError
├── SignatureError                  not this key's signature over these bytes for this use
│   └── UnsignedRequestError        no courier's signature of exactly this request
│       └── UntimelyRequestError    signed, and not now: a clock is wrong, or it is a copy
├── CodenameTypoError               no list has these words with a fitting check byte
├── RosterError
│   ├── UnsignedRosterError         missing signature, or not the root key's
│   ├── MalformedRosterError
│   ├── ExpiredRosterError
│   ├── ForeignRosterError          for another origin
│   ├── RolledBackRosterError       an older serial than one already seen
│   └── ForkedRosterError           the same serial as one already seen, and other bytes
├── BundleError                     not a bundle, or not one that is wanted
│   └── UnsignedBundleError         the signature is nobody's who may send such a bundle
├── ShareError
│   ├── MistypedShareError          an unknown word, or the checksum does not fit
│   ├── ForeignShareError           of a set that Candor does not make
│   ├── OtherSetError               of another set than the others
│   ├── RepeatedShareError          the same one twice
│   ├── TooFewSharesError           says how many are missing
│   └── WrongShareError             together they make no secret
└── LogError
    ├── MalformedLogError           a head, a day or a proof is not in its format
    ├── UnsignedHeadError           no log key of the roster signed the head
    ├── ShrunkLogError              smaller, or of fewer days, than it was seen to be
    ├── ForkedLogError              does not continue the log that was seen
    └── UnlinkedDayError            days are missing between what was seen and this one

Messages are lower case, without a full stop, and never repeat what a source sent.
"""


class CandorError(Exception):
    """The root of every error that Candor's own formats raise."""


class EnvelopeError(CandorError):
    """An envelope cannot be read."""


class MalformedEnvelopeError(EnvelopeError):
    """The bytes are not strict age v1."""


class NotAddressedError(EnvelopeError):
    """The envelope is well formed and sealed to somebody else."""


class DamagedEnvelopeError(EnvelopeError):
    """The envelope was altered, reordered or cut short."""


class BagError(CandorError):
    """A bag cannot be used."""


class DamagedBagError(BagError):
    """The bag is damaged or forged; the message says what exactly failed."""


class UnsignedBagError(DamagedBagError):
    """The signature is nobody's who may sign such a bag."""


class KeyFormatError(CandorError):
    """A recipient, identity or public key is not in its format."""


class IdentityFileError(CandorError):
    """An identity file cannot be opened."""


class MalformedIdentityFileError(IdentityFileError):
    """The file is not a passphrase-protected identity."""


class WrongPassphraseError(IdentityFileError):
    """The passphrase does not open the identity file."""


class SignatureError(CandorError):
    """The signature is not this key's over these bytes for this use."""


class UnsignedRequestError(SignatureError):
    """The request bears no signature of this courier, or one of another request."""


class UntimelyRequestError(UnsignedRequestError):
    """The request is this courier's, and was not signed now: a clock is wrong, or it is a copy."""


class CodenameTypoError(CandorError):
    """The words are not a codename: one of them is mistyped."""


class RosterError(CandorError):
    """A roster is refused."""


class UnsignedRosterError(RosterError):
    """The roster has no signature of the root key."""


class MalformedRosterError(RosterError):
    """The roster is signed, and not in its format."""


class ExpiredRosterError(RosterError):
    """The roster's last day has passed."""


class ForeignRosterError(RosterError):
    """The roster is for another origin."""


class RolledBackRosterError(RosterError):
    """A roster with a higher serial was seen before."""


class ForkedRosterError(RosterError):
    """Another roster with the same serial was seen before: the root key signed two."""


class BundleError(CandorError):
    """The file is not a bundle, or not one that is wanted here."""


class UnsignedBundleError(BundleError):
    """The signature is nobody's who may send such a bundle."""


class ShareError(CandorError):
    """Shares of a key cannot be read or joined."""


class MistypedShareError(ShareError):
    """A word is none of the list, or the words do not fit their checksum."""


class ForeignShareError(ShareError):
    """The share is of a set that another program made in another way."""


class OtherSetError(ShareError):
    """The shares are of more than one set."""


class RepeatedShareError(ShareError):
    """The same share is there twice."""


class TooFewSharesError(ShareError):
    """More shares are needed; the message says how many are missing."""


class WrongShareError(ShareError):
    """The shares are of one set as they say, and together they make no secret."""


class LogError(CandorError):
    """Something about the log of envelopes does not hold."""


class MalformedLogError(LogError):
    """A head, a day's file or a proof is not in its format, or not consistent in itself."""


class UnsignedHeadError(LogError):
    """No log key of the roster signed the head."""


class ShrunkLogError(LogError):
    """The log ends before what was seen of it."""


class ForkedLogError(LogError):
    """The log says something else than it was seen to say: it was rewritten, or there are two."""


class UnlinkedDayError(LogError):
    """The day is not the next one: those between are missing."""
