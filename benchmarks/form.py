"""Forms as a browser sends them."""

from collections.abc import Iterable

from forms.form import FILES, MAIN_TEXT, READERS

BOUNDARY = "----WebKitFormBoundaryq7VbJ2mXw0ZtR4Ly"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
END = f"\r\n--{BOUNDARY}--\r\n".encode()

TEXT = ("The invoices of the last three years were paid twice, and both times to the same " * 26)[
    :2000
]


def fields(readers: Iterable[str], text: str = TEXT) -> bytes:
    """Write a report's answers: who may read it, and 2 KB of text."""
    answers = [
        *((READERS, reader) for reader in readers),
        ("where", "In the north"),
        (MAIN_TEXT, text),
    ]
    return b"".join(field(name, value) for name, value in answers)


def file_head(name: str = "ledger.bin") -> bytes:
    """Write what stands before a file's bytes."""
    return (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{FILES}"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()


def empty_file() -> bytes:
    """Write what a browser sends for a file field that was left empty."""
    return file_head("")


def field(name: str, value: str) -> bytes:
    """Write one field."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return f"{head}{value}\r\n".encode()
