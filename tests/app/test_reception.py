"""What a source sends is stored whole, sealed to whom they chose, or not stored at all."""

import hashlib
import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.errors import Problem, Reason, RefusedForm
from app.factory import create_app
from app.form_stream import MAX_FILES, TEXT_BYTES
from crypto.bag_reader import BagReader
from crypto.envelope import open_seekable
from crypto.errors import NotAddressedError
from intake.errors import StorageFullError
from intake.service import Intake
from tests.app.conftest import ORIGIN, Web
from tests.app.forms import field, file, form, report

FIELDS = [field("reader", "press"), field("report", "what I saw")]


def the_bag(web: Web) -> BagReader:
    (bag,) = web.house.bags()
    return bag


def test_a_report_arrives_with_its_text_answers_and_files(web: Web) -> None:
    body = report(field("where", "at sea"), file("a.pdf", b"%PDF"), file("b", b""))
    answer = web.post_form(body)
    assert (answer.status_code, answer.headers["location"]) == (303, "/en/sent")
    bag = the_bag(web)
    assert bag.text == "what I saw"
    assert bag.answers["answers"] == {"where": "at sea"}
    assert bag.answers["readers"] == ["lawyers", "press"]
    assert [(a.original_name, a.size) for a in bag.attachments] == [("a.pdf", 4), ("b", 0)]
    assert bag.open_attachment(bag.attachments[0]).read() == b"%PDF"


def test_who_was_left_out_cannot_open_it(web: Web) -> None:
    web.post_form(form(*FIELDS))
    with Intake(web.house.settings.data) as intake:
        (envelope,) = intake.envelopes("general", open_day=True)
        with pytest.raises(NotAddressedError):
            open_seekable(intake.open_envelope(envelope.hash), [web.house.readers["lawyers"]])


def test_line_ends_become_lf(web: Web) -> None:
    web.post_form(report(fields=[("reader", "press"), ("report", "one\r\ntwo\rthree\n")]))
    assert the_bag(web).text == "one\ntwo\nthree"


def test_a_file_field_that_was_left_empty_is_no_file(web: Web) -> None:
    assert web.post_form(form(*FIELDS, file("", b""))).status_code == 303
    assert the_bag(web).attachments == ()


def test_one_file_without_any_text_is_a_report(web: Web) -> None:
    assert web.post_form(form(field("reader", "press"), file("a", b"x"))).status_code == 303


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        (r"C:\secret\plan.doc", "plan.doc"),
        ("a\u202egpj.exe", "a\u202egpj.exe"),
        ("line%0Abreak", "line%0Abreak"),
        ("д" * 255, "д" * 255),
    ],
)
def test_a_file_name_is_data_and_loses_its_path(web: Web, sent: str, kept: str) -> None:
    web.post_form(form(*FIELDS, file(sent, b"x")))
    assert the_bag(web).attachments[0].original_name == kept


MANY_FILES = [file(f"f{i}", b"x") for i in range(MAX_FILES + 1)]
REFUSED = {
    "no text and no file": (form(field("reader", "press")), 422),
    "only who somebody is": (form(field("reader", "press"), field("identity_name", "me")), 422),
    "white space": (form(field("reader", "press"), field("report", " \r\n")), 422),
    "nobody to read it": (form(field("report", "x")), 422),
    "an unknown reviewer": (form(field("reader", "nobody"), field("report", "x")), 422),
    "a reviewer twice": (report(field("reader", "press")), 422),
    "an unknown field": (report(field("csrf", "x")), 422),
    "a field twice": (report(field("report", "x")), 422),
    "an unknown option": (report(field("danger", "perhaps")), 422),
    "NUL in a text": (form(field("reader", "press"), field("report", "a\0b")), 422),
    "text that is not UTF-8": (form(field("reader", "press"), field("report", b"\xff")), 422),
    "text over 1 MiB": (
        form(field("reader", "press"), field("report", "x" * (TEXT_BYTES + 1))),
        413,
    ),
    "a field after a file": (form(*FIELDS, file("a", b"x"), field("where", "y")), 422),
    "51 files": (form(*FIELDS, *MANY_FILES), 413),
    "files over the limit": (
        form(*FIELDS, file("a", bytes(2 << 20)), file("b", bytes(2 << 20))),
        413,
    ),
    "a length over the limit": (form(*FIELDS, file("a", bytes(5 << 20))), 413),
    "a file in another field": (form(*FIELDS, file("a", b"x", name="report")), 422),
    "bytes of a file without a name": (form(*FIELDS, file("", b"x")), 422),
    "a name of 4 KB": (form(*FIELDS, file("n" * 4096, b"x")), 422),
    "a name that is only a path": (form(*FIELDS, file("../", b"x")), 422),
    "a name of dots": (form(*FIELDS, file("..", b"x")), 422),
    "NUL in a name": (form(*FIELDS, file("a\0b", b"x")), 400),
    "a newline in a name": (form(*FIELDS, file("a\nb", b"x")), 400),
    "a name that is not UTF-8": (form(*FIELDS, file(b"\xff", b"x")), 400),
    "a truncated body": (form(*FIELDS, file("a", b"x"))[:-8], 400),
    "10,000 parts": (form(*[field("where", "x")] * 10_000), 413),
    "nothing": (b"", 400),
}


@pytest.mark.parametrize(("body", "status"), REFUSED.values(), ids=REFUSED)
def test_a_form_is_refused_and_nothing_is_stored_with(web: Web, body: bytes, status: int) -> None:
    answer = web.post_form(body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "set-cookie" not in answer.headers
    assert web.house.stored() == []
    assert web.house.bags() == []


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=",
    ],
)
def test_another_type_of_body_is_refused(web: Web, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    answer = web.client.post("/en/report/general", content=form(*FIELDS), headers=headers)
    assert answer.status_code == 415
    assert web.house.stored() == []


def test_an_unknown_channel_is_not_found(web: Web) -> None:
    assert web.post_form(form(*FIELDS), "/en/report/other").status_code == 404


def test_what_was_typed_comes_back_escaped(web: Web) -> None:
    body = form(field("reader", "nobody"), field("report", '<b>"&'))
    page = web.post_form(body).text
    assert "&lt;b&gt;" in page
    assert "<b>" not in page


def test_a_chunked_body_is_taken(web: Web) -> None:
    body = form(*FIELDS, file("a", bytes(100_000)))
    pieces = (body[i : i + 777] for i in range(0, len(body), 777))
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = web.client.post(
        "/en/report/general", content=pieces, headers=headers, follow_redirects=False
    )
    assert answer.status_code == 303
    assert the_bag(web).attachments[0].size == 100_000


def test_a_full_disk_gives_a_plain_page(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StorageFullError("no room")

    monkeypatch.setattr("intake.segments.SegmentWriter.write", full)
    assert web.post_form(form(*FIELDS)).status_code == 507
    assert web.house.stored() == []


def test_too_many_at_once_are_asked_to_come_back(web: Web) -> None:
    with web.house.open(uploads_at_once=1) as service, service.uploads.one():
        client = TestClient(create_app(service), ORIGIN)
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = client.post("/en/report/general", content=form(*FIELDS), headers=headers)
        assert answer.status_code == 503


def test_an_expired_roster_takes_no_report(web: Web) -> None:
    expires = web.service.roster.expires
    late = replace(web.service, today=lambda: expires + timedelta(days=1))
    client = TestClient(create_app(late), ORIGIN)
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = client.post("/en/report/general", content=form(*FIELDS), headers=headers)
    assert answer.status_code == 503
    assert web.house.stored() == []


def test_a_refusal_names_the_field_and_keeps_what_was_typed() -> None:
    refused = RefusedForm([Problem("report", Reason.TOO_LONG)], {"report": ["x"]})
    assert (refused.status, refused.values) == (422, {"report": ["x"]})
    assert "x" not in str(refused)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(max_size=300_000), cuts=st.lists(st.integers(0, 300_000), max_size=8))
def test_a_file_arrives_as_it_was_however_it_is_sliced(
    web: Web, data: bytes, cuts: list[int]
) -> None:
    body = form(*FIELDS, file("a", data))
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    pieces = [body[a:b] for a, b in itertools.pairwise(edges)]
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = web.client.post(
        "/en/report/general", content=iter(pieces), headers=headers, follow_redirects=False
    )
    assert answer.status_code == 303
    with Intake(web.house.settings.data) as intake:
        names = {bag.attachments[0].sha256 for bag in web.house.bags()}
        assert intake.status().open_days
    assert hashlib.sha256(data).digest() in names
