"""Every size and time that the intake holds itself to, each with its reason."""

from datetime import timedelta

SEGMENT_BYTES = 8 * 1024 * 1024
"""Payload bytes in one file, however they arrived (protocol section 8)."""

MAX_ENVELOPE_BYTES = 16 * 1024**3
"""Far above what any form allows; keeps one sender from filling a disk through a door without a
limit of its own."""

WRITEBACK_BYTES = 1024 * 1024
"""How much may be written before the kernel is asked to begin putting it on the disk."""

COPY_BYTES = 1024 * 1024
"""The one buffer through which the batch rewrites envelopes of any size."""

SPOOL_MEMORY_BYTES = 4 * 1024**2
"""What is waited for in memory: a bundle of the usual eight short replies, several times over."""

MAX_RESERVE_BYTES = 64 * 1024**2
RESERVE_SHARE = 8
"""Arrivals leave an eighth of the volume, at most 64 MiB, to those who make room: a purge writes
to the log before anything shrinks, and must not fail because sources filled the disk first."""

MAX_DECOY_RESERVE_BYTES = 8 * 1024**3
DECOY_RESERVE_SHARE = 4
"""Decoys leave a quarter of the volume, at most 8 GiB, to sources: a report as large as the
settings allow (4 GiB) and the copy that the batch makes of it."""

BUSY_TIMEOUT = timedelta(seconds=60)
"""How long one process waits for another's write: a VACUUM of some gigabytes of headers."""

DELIVERED_KEPT = timedelta(days=183)
"""How long the hash of a delivered reply is remembered, so that no bundle delivers it twice."""

REPLY_KEPT = timedelta(days=183)
"""How long a reply waits for a source who does not come back."""

NONCE_KEPT = timedelta(days=2)
"""How long a courier's request is remembered. It is taken within minutes of its own time; a whole
day is the least that days can say, and one more lets a clock be set."""

MAX_FIRST_DAYS = timedelta(days=731)
"""How far back a log may begin: a clock that began in 1970 would give it thousands of days."""

ROWS_A_COMMIT = 256
"""Rows removed in one transaction: zeroing their pages goes through the log, about 8 MB of it."""
