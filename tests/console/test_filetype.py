"""A file is what it contains, whatever its name says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.filetype import HEAD_BYTES, extension_of, file_type

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(50)
JPEG = b"\xff\xd8\xff\xe1\0\x10Exif\0\0" + bytes(40)
PDF = b"%PDF-1.7\n"
PROGRAM = b"MZ\x90\0" + bytes(100)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (PDF, "scan.pdf"),
        (PDF, "scan.PDF"),
        (PDF, "scan"),
        (PNG, "a.png"),
        (JPEG, "photo.jpeg"),
        (b"PK\x03\x04" + bytes(30), "minutes.docx"),
        (b"\0\0\0\x20ftypheic\0\0\0\0mif1heic", "IMG_0001.HEIC"),
        (b"\0\0\0\x20ftypqt  \0\0\0\0", "film.mov"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "voice.wav"),
        (b"a;b;c\r\n1;2;3\r\n", "accounts.csv"),
        ("отчёт".encode(), "отчёт.txt"),
        ("отчёт".encode("cp1251"), "отчёт.txt"),
        (bytes(1000), "unknown.bin"),
        (b"", "empty.pdf"),
    ],
)
def test_honest_names_fit(head: bytes, name: str) -> None:
    assert file_type(head, name).fits


@pytest.mark.parametrize(
    ("head", "name", "said"),
    [
        (PROGRAM, "photo.jpg", "Windows program"),
        (PROGRAM, "report.pdf", "Windows program"),
        (b"#!/bin/sh\n", "notes.txt", "script"),
        (PDF, "photo.jpg", "PDF"),
        (b"PK\x03\x04" + bytes(30), "photo.png", "ZIP or office document"),
        (b"just text", "scan.pdf", "text"),
        (bytes(1000), "scan.pdf", "unknown"),
    ],
)
def test_a_name_that_says_something_else_is_told(head: bytes, name: str, said: str) -> None:
    found = file_type(head, name)
    assert (found.name, found.fits) == (said, False)


def test_text_that_runs_is_called_so() -> None:
    assert file_type(b"WScript.Echo 1", "invoice.pdf.vbs").name == "text that a computer may run"


def test_the_last_extension_counts() -> None:
    assert extension_of("photo.jpg.exe") == ".exe"
    assert extension_of(".hidden") == ""
    assert extension_of("none") == ""


@given(st.binary(max_size=HEAD_BYTES), st.text(max_size=50))
def test_no_content_and_no_name_is_too_odd(head: bytes, name: str) -> None:
    assert file_type(head, name).name
