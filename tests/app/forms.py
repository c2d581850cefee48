"""Bodies of forms, byte by byte, as browsers write them and as nobody should."""

Field = tuple[str, str | bytes]
File = tuple[str, bytes]

BOUNDARY = "b"
REPORT: list[Field] = [("reader", "press"), ("reader", "lawyers"), ("report", "what I saw")]


def field(name: str, value: str | bytes) -> bytes:
    data = value if isinstance(value, bytes) else value.encode()
    return f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + data + b"\r\n"


def file(filename: str | bytes, data: bytes, name: str = "file") -> bytes:
    raw = filename if isinstance(filename, bytes) else filename.encode()
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="'.encode() + raw
    return head + b'"\r\nContent-Type: application/octet-stream\r\n\r\n' + data + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--b--\r\n"


def report(*parts: bytes, fields: list[Field] | None = None) -> bytes:
    """A whole form: some fields, then other parts."""
    return form(*[field(*pair) for pair in (REPORT if fields is None else fields)], *parts)
