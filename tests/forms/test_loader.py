"""Forms as files: what is accepted, and what an author is told."""

import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.errors import FormError
from forms.form import Kind
from forms.loader import default_form, load_form

SMALL = """\
form = "small"
version = 3

[[section]]
id = "readers"
title = "Readers"
open = true

[[section.field]]
id = "reader"
kind = "readers"
label = "Readers"

[[section]]
id = "main"
title = "What happened"
help = "Say it."

[[section.field]]
id = "report"
kind = "long_text"
label = "Your report"
max_bytes = 100

[[section.field]]
id = "sure"
kind = "choice"
label = "Sure?"
options = [{ id = "yes", label = "Yes" }, { id = "no", label = "No" }]

[[section]]
id = "who"
title = "You"

[[section.field]]
id = "identity_name"
kind = "identity"
label = "Name"
max_bytes = 50

[[section.field]]
id = "file"
kind = "files"
label = "Files"
"""


def refusal(text: str | bytes) -> str:
    with pytest.raises(FormError) as error:
        load_form(text if isinstance(text, bytes) else text.encode())
    return str(error.value)


def test_a_form_is_read_as_it_is_written() -> None:
    form = load_form(SMALL.encode())
    assert (form.id, form.version) == ("small", 3)
    assert form.sha256 == hashlib.sha256(SMALL.encode()).digest()
    assert [section.open for section in form.sections] == [True, False, False]
    assert [field.kind for field in form.fields] == ["readers", "long_text", "choice", "identity", "files"]  # fmt: skip # noqa: E501 one row
    assert form.texts == (
        "Readers", "What happened", "Say it.", "Your report", "Sure?",
        "I would rather not say", "Yes", "No", "You", "Name", "Files",
    )  # fmt: skip


def test_the_default_form_asks_what_it_should_in_the_order_in_which_it_must_arrive() -> None:
    form = default_form()
    assert [section.id for section in form.sections] == [
        "who_may_read", "safety", "what_happened", "people", "money", "abuse", "reprisal",
        "evidence", "wishes", "identity", "files",
    ]  # fmt: skip
    names = [field.id for field in form.fields]
    assert names[0] == "reader"
    assert names[-3:] == ["identity_name", "identity_contact", "file"]
    assert len(names) == 35


def test_ids_of_the_default_form_stay_as_they_are() -> None:
    """Reports keep these ids for years: a question may go, and its id is never given to another."""
    form = default_form()
    lines = [f"{form.id} {form.version}"]
    for field in form.fields:
        options = ",".join(option.id for option in field.options)
        lines.append(f"{field.id} {field.kind} {options}".rstrip())
    pinned = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    assert pinned == ("40af4be7633acae0f50223d8418a6a6bb81ae2ce225396b62f5e4e701df0040b"), (
        "grow the version, then pin the new ids"
    )


def test_the_default_forms_texts_are_calm_and_short() -> None:
    for text in default_form().texts:
        assert "!" not in text
        assert "  " not in text
        assert max(map(len, text.split(". "))) <= 190, text
        for word in ("guarantee", "anonymous", "warning", "proof", "secure"):
            assert word not in text.lower()


def test_identity_and_readers_can_be_left_out_with_the_sections_they_leave_empty() -> None:
    form = load_form(SMALL.encode())
    left = form.without(Kind.IDENTITY, Kind.READERS)
    assert [field.id for field in left.fields] == ["report", "sure", "file"]
    assert [section.id for section in left.sections] == ["main", "who"]
    assert [section.id for section in form.without(Kind.READERS).sections] == ["main", "who"]
    assert left.sha256 == form.sha256


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('form = "small"', 'form = "Small"', "form must match"),
        ('form = "small"', "", "form must be a text"),
        ("version = 3", "version = 0", "version must be a number from 1"),
        ("version = 3", "version = true", "version must be a number"),
        ("version = 3", 'version = "3"', "version must be a number"),
        ("version = 3", "version = 3\ncolour = 1", "the form: unknown key colour"),
        ('title = "You"', 'title = "You"\nnote = ""', "section who: unknown key note"),
        ('title = "You"', "title = 5", "section who: title must be a text"),
        ('title = "You"', 'title = ""', "section who: title must be a text"),
        ('title = "You"', 'title = " You"', "one line without spaces"),
        ('title = "You"', 'title = "Yo\\nu"', "one line without spaces"),
        ('title = "You"', f'title = "{"x" * 201}"', "more than 200 characters"),
        ('title = "You"', 'title = "You"\nopen = 1', "open must be true or false"),
        ('id = "who"', 'id = "main"', "section main: the id is used twice"),
        ('id = "who"', 'id = "9who"', "id must match"),
        ('id = "sure"', 'id = "report"', "field report: the main text is a long_text"),
        ('id = "sure"', 'id = "file"', "field file: the id is kept"),
        ('id = "sure"', 'id = "identity_sure"', "identity fields, and no others"),
        ('id = "identity_name"', 'id = "name"', "identity fields, and no others"),
        ('id = "reader"', 'id = "readers"', "has the id reader"),
        ('id = "report"', 'id = "text"', "there must be a long_text report"),
        ('kind = "choice"', 'kind = "radio"', "kind must be one of text, long_text"),
        ('kind = "choice"', 'kind = "files"', "field sure: unknown key options"),
        ('kind = "choice"\n', "", "field sure: kind must be a text"),
        ("max_bytes = 100", "", "field report: max_bytes must be a number"),
        ("max_bytes = 100", "max_bytes = 786433", "from 1 to 786432"),
        ("max_bytes = 50", "max_bytes = 1494", "may have 1500 bytes, and have 1501"),
        ('{ id = "yes", label = "Yes" }', '"yes"', "field sure: option 1 must be a table"),
        ('{ id = "yes", label = "Yes" }', '{ id = "no", label = "Yes" }', "option no: the id is"),
        ('{ id = "yes", label = "Yes" }', '{ id = "yes" }', "option yes: label must be a text"),
        ('{ id = "yes", label = "Yes" }', '{ id = "a", label = "A", b = 1 }', "unknown key b"),
        ('options = [{ id = "yes", label = "Yes" }, { id = "no", label = "No" }]', "options = []",
         "1 to 40 of options"),
        ('kind = "files"', 'kind = "text"\nmax_bytes = 1', "the id is kept for another kind"),
    ],
)  # fmt: skip
def test_a_form_with_a_mistake_is_refused_and_the_author_is_told(
    old: str, new: str, words: str
) -> None:
    assert SMALL.count(old) == 1
    assert words in refusal(SMALL.replace(old, new))


def test_fields_that_would_arrive_after_files_are_refused() -> None:
    late = '\n[[section.field]]\nid = "late"\nkind = "text"\nlabel = "Late"\nmax_bytes = 5\n'
    assert "files last" in refusal(SMALL + late)
    assert "used twice" in refusal(SMALL + '\n[[section.field]]\nid = "file"\nkind = "files"\nlabel = "More"\n')  # fmt: skip # noqa: E501 one table


def test_what_is_no_toml_or_no_text_or_too_much_is_refused() -> None:
    assert "not TOML" in refusal("form = ")
    assert "not TOML" in refusal(b"\xff")
    assert "not TOML" in refusal("a = " + "[" * 100_000)
    assert "262144 bytes" in refusal(b"#" * 262_145)
    assert "form must be a text" in refusal("")


@given(st.text(max_size=80), st.integers(0, len(SMALL)), st.integers(0, 30))
def test_a_damaged_form_is_a_form_or_a_form_error_and_nothing_else(
    text: str, place: int, cut: int
) -> None:
    with contextlib.suppress(FormError):
        load_form((SMALL[:place] + text + SMALL[place + cut :]).encode("utf-8", "replace"))
