"""What a source answered: checked, and written as report.json."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.answers import (
    Problem,
    Reason,
    clean_text,
    identity_text,
    main_text,
    to_answers,
    validate,
)
from forms.form import MAX_IDENTITY_BYTES, Field, Kind
from forms.loader import default_form

FORM = default_form()
DAY = date(2026, 11, 23)
written = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=60)


def report_json(values: dict[str, list[str]], **changes: object) -> bytes:
    arguments: dict[str, object] = {"language": "en", "day": DAY, "readers": ["b", "a"]}
    return to_answers(FORM, values, **(arguments | changes))


def answer_to(field: Field) -> st.SearchStrategy[list[str]]:
    ids = [option.id for option in field.options]
    if field.kind is Kind.CHOICE:
        return st.sampled_from(["", *ids]).map(lambda option: [option])
    if field.kind is Kind.CHOICES:
        return st.lists(st.sampled_from(ids), unique=True)
    if field.kind is Kind.READERS:
        return st.lists(st.sampled_from(["a", "b", "c"]), unique=True)
    return written.map(lambda text: [text])


answers = st.fixed_dictionaries(
    {}, optional={field.id: answer_to(field) for field in FORM.fields if field.kind != "files"}
)


def test_report_json_is_these_bytes() -> None:
    values = {
        "reader": ["b", "a"],
        "may_ask": ["yes"],
        "danger": [""],
        "report": ["It was like this."],
        "matter": ["abuse", "corruption"],
        "where": [" Улица\r\n«Мира» 5 "],
        "when": ["  "],
        "identity_name": ["A. Name"],
    }
    assert validate(FORM, values) == []
    assert report_json(values, language="ru").decode() == (
        "{\n"
        '  "form": "default",\n'
        '  "version": 1,\n'
        '  "language": "ru",\n'
        '  "day": "2026-11-23",\n'
        '  "readers": [\n'
        '    "a",\n'
        '    "b"\n'
        "  ],\n"
        '  "answers": {\n'
        '    "may_ask": "yes",\n'
        '    "matter": [\n'
        '      "corruption",\n'
        '      "abuse"\n'
        "    ],\n"
        '    "where": "Улица\\n«Мира» 5"\n'
        "  }\n"
        "}\n"
    )
    assert main_text(values) == "It was like this."
    assert identity_text(FORM, values) == "Name: A. Name\n"


def test_no_answers_at_all_are_a_valid_report_json() -> None:
    assert validate(FORM, {}) == []
    content = json.loads(report_json({}, readers=[]))
    assert list(content) == ["form", "version", "language", "day", "readers", "answers"]
    assert content["answers"] == {}
    assert main_text({}) == identity_text(FORM, {}) == ""


@given(answers)
def test_every_valid_answer_comes_back_and_nothing_else(values: dict[str, list[str]]) -> None:
    assert validate(FORM, values) == []
    content = json.loads(report_json(values))
    expected = {}
    for field in FORM.fields:
        given_values = values.get(field.id, [])
        if field.kind is Kind.CHOICES and given_values:
            expected[field.id] = sorted(given_values, key=[o.id for o in field.options].index)
        elif field.kind in {"text", "long_text", "choice"} and field.id != "report":
            text = clean_text("".join(given_values))
            expected |= {field.id: text} if text else {}
    assert content["answers"] == expected
    assert list(content["answers"]) == [f.id for f in FORM.fields if f.id in expected]


@given(answers)
def test_report_json_has_no_escaped_letters_and_no_carriage_return(
    values: dict[str, list[str]],
) -> None:
    data = report_json(values)
    assert b"\r" not in data
    assert data.endswith(b"}\n")
    assert b"\\u" not in data.replace(rb"\\", b"")


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"when": ["x" * 2001]}, Problem("when", Reason.TOO_LONG)),
        ({"when": ["ж" * 1001]}, Problem("when", Reason.TOO_LONG)),
        ({"when": ["a", "b"]}, Problem("when", Reason.DUPLICATE_FIELD)),
        ({"report": ["a", "a"]}, Problem("report", Reason.DUPLICATE_FIELD)),
        ({"danger": ["self", "no"]}, Problem("danger", Reason.DUPLICATE_FIELD)),
        ({"danger": ["perhaps"]}, Problem("danger", Reason.UNKNOWN_OPTION)),
        ({"matter": ["abuse", "fun"]}, Problem("matter", Reason.UNKNOWN_OPTION)),
        ({"matter": [""]}, Problem("matter", Reason.UNKNOWN_OPTION)),
        ({"matter": ["abuse", "abuse"]}, Problem("matter", Reason.DUPLICATE_OPTION)),
        ({"reader": ["a", "a"]}, Problem("reader", Reason.DUPLICATE_OPTION)),
        ({"report": ["a\0b"]}, Problem("report", Reason.CONTROL_CHARACTER)),
        ({"where": ["\x1b[2J"]}, Problem("where", Reason.CONTROL_CHARACTER)),
        ({"where": ["\ud800"]}, Problem("where", Reason.CONTROL_CHARACTER)),
        ({"my name is K": ["x"]}, Problem(None, Reason.UNKNOWN_FIELD)),
        ({"file": ["x"]}, Problem(None, Reason.UNKNOWN_FIELD)),
    ],
)
def test_each_wrong_answer_has_its_reason(values: dict[str, list[str]], problem: Problem) -> None:
    assert validate(FORM, values) == [problem]


def test_problems_come_in_the_order_of_the_page() -> None:
    values = {"nothing": [""], "never_reveal": ["\0"], "danger": ["?"], "report": ["\0"]}
    assert [problem.field for problem in validate(FORM, values)] == [
        "danger",
        "report",
        "never_reveal",
        None,
    ]


def test_length_is_counted_in_bytes_after_line_ends_became_one_byte() -> None:
    assert validate(FORM, {"when": ["a\r\n" * 1000]}) == []
    assert validate(FORM, {"when": ["  " + "ж" * 1000 + "\r\n"]}) == []


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\v", "\f"])
def test_every_line_end_becomes_one(end: str) -> None:
    assert clean_text(f" one{end}two\t{end}") == "one\ntwo"


@given(st.text("aж😀", max_size=1000), st.text("aж😀", max_size=1000))
def test_what_is_valid_always_fits_the_identity_file(name: str, contact: str) -> None:
    values = {"identity_name": [name], "identity_contact": [contact]}
    if not validate(FORM, values):
        assert len(identity_text(FORM, values).encode()) <= MAX_IDENTITY_BYTES


def test_the_longest_identity_fits_the_identity_file() -> None:
    values = {"identity_name": ["n" * 400], "identity_contact": ["c" * 1000]}
    assert validate(FORM, values) == []
    assert len(identity_text(FORM, values).encode()) <= MAX_IDENTITY_BYTES
