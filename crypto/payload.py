"""The payload of an envelope: age's STREAM of sealed chunks.

    nonce (16) || chunk …
    chunk = ciphertext (65,536, the last one 0 to 65,536) || tag (16)

The payload key is HKDF-SHA-256(file key, salt = nonce, "payload"). Chunk *i* is sealed with
ChaCha20-Poly1305 under the nonce i (11 bytes, big endian) || 1 if it is the last, else 0: nothing
can be cut off, added or put elsewhere. The last chunk is empty only when the whole payload is.

Source: c2sp.org/age, "Payload".
"""

from crypto import sodium
from crypto.errors import DamagedEnvelopeError
from crypto.sinks import Buffer, Sink

CHUNK = 65536
SEALED_CHUNK = CHUNK + sodium.TAG_BYTES
NONCE_BYTES = 16
BATCH = 4  # chunks handed on at once: 256 KiB; more made nothing faster and takes memory


def ciphertext_bytes(plaintext_bytes: int) -> int:
    """Return the length of a payload, nonce included, that holds this much plaintext."""
    chunks = max(1, -(-plaintext_bytes // CHUNK))
    return NONCE_BYTES + plaintext_bytes + chunks * sodium.TAG_BYTES


def plaintext_bytes(ciphertext_bytes: int) -> int:
    """Return how much plaintext a payload of this length, nonce included, holds.

    Raises:
        DamagedEnvelopeError: no payload has this length.
    """
    sealed = ciphertext_bytes - NONCE_BYTES
    chunks = max(1, -(-sealed // SEALED_CHUNK))
    size = sealed - chunks * sodium.TAG_BYTES
    if size < 0 or (chunks > 1 and size <= (chunks - 1) * CHUNK):
        raise DamagedEnvelopeError("the payload was cut short")
    return size


class PayloadKey:
    """The key of one payload: seals and opens single chunks, and is wiped after use."""

    __slots__ = ("_key",)

    def __init__(self, file_key: Buffer, nonce: bytes) -> None:
        self._key = sodium.hkdf(file_key, salt=nonce, info=b"payload")

    def seal(self, counter: int, chunk: Buffer, out: Buffer, *, final: bool) -> None:
        """Seal a chunk into `out`, 16 bytes longer than the chunk."""
        sodium.seal_chunk(self._key, _chunk_nonce(counter, final=final), chunk, out)

    def open(self, counter: int, sealed: Buffer, out: Buffer, *, final: bool) -> None:
        """Open a sealed chunk into `out`, 16 bytes shorter than the sealed chunk.

        Raises:
            DamagedEnvelopeError: altered, reordered, or not where `final` says.
        """
        sodium.open_chunk(self._key, _chunk_nonce(counter, final=final), sealed, out)

    def wipe(self) -> None:
        """Forget the key; nothing can be sealed or opened with zeros that anybody knows."""
        sodium.wipe(self._key)
        self._key = bytearray()


def _chunk_nonce(counter: int, *, final: bool) -> bytes:
    return counter.to_bytes(11, "big") + (b"\1" if final else b"\0")


class PayloadWriter:
    """Seals what is written, in any slicing, and passes it on to a sink.

    A chunk is held back until more follows, since only then is it known not to be the last.
    Deterministic: whoever calls draws the file key and the nonce, each for this payload only.
    """

    __slots__ = ("_counter", "_held", "_held_bytes", "_key", "_sink")

    def __init__(self, sink: Sink, file_key: Buffer, nonce: bytes) -> None:
        sink.write(nonce)
        self._sink = sink
        self._key: PayloadKey | None = PayloadKey(file_key, nonce)
        self._counter = 0
        self._held = bytearray(CHUNK)
        self._held_bytes = 0

    def write(self, data: Buffer) -> None:
        """Seal every chunk that is whole and not the last; hold the rest back."""
        view = memoryview(data).cast("B")
        view = view[self._hold(view) :]
        if not view:
            return
        self._seal(memoryview(self._held), final=False)
        while len(view) > CHUNK:
            run = min((len(view) - 1) // CHUNK, BATCH) * CHUNK
            self._seal(view[:run], final=False)
            view = view[run:]
        self._held_bytes = 0
        self._hold(view)

    def close(self) -> None:
        """Seal the last chunk, and wipe; the sink stays open."""
        if self._key is None:
            return
        try:
            self._seal(memoryview(self._held)[: self._held_bytes], final=True)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Wipe without finishing: what the sink has is no envelope."""
        if self._key is not None:
            self._key.wipe()
            self._key = None
        sodium.wipe(self._held)

    def _hold(self, view: memoryview) -> int:
        """Copy as much as fits beside what is held, and return how much that was."""
        if self._key is None:
            raise ValueError("the envelope is closed")
        taken = min(len(view), CHUNK - self._held_bytes)
        self._held[self._held_bytes : self._held_bytes + taken] = view[:taken]
        self._held_bytes += taken
        return taken

    def _seal(self, run: memoryview, *, final: bool) -> None:
        """Seal a run of whole chunks, or the last one, and pass it on in one piece."""
        if self._key is None:
            raise ValueError("the envelope is closed")
        starts = range(0, len(run) or 1, CHUNK)
        size = len(run) + len(starts) * sodium.TAG_BYTES
        # A buffer for this call only: hundreds of slow uploads would each hold one.
        with memoryview(bytearray(size)) as out:
            for start in starts:
                chunk = run[start : start + CHUNK]
                place = start // CHUNK * SEALED_CHUNK
                sealed = out[place : place + len(chunk) + sodium.TAG_BYTES]
                self._key.seal(self._counter, chunk, sealed, final=final)
                self._counter += 1
            self._sink.write(out)
