"""What a reviewer sees of envelopes, whole, hostile, damaged and foreign."""

import io
import json
import random
import tracemalloc
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.examine import Choice
from console.layout import GUTTER, Style
from console.present import JsonLines, Pages
from console.reading import Reading
from console.roster_shelf import RosterShelf
from console.show import Page
from crypto.keys import Identity
from tests.console.support import (
    ANNA,
    BORIS,
    CUSTODIAN,
    DAY,
    File,
    answers,
    new_source,
    seal,
    seal_report,
    write_bag,
)


class Run:
    """One run, and all that it said."""

    def __init__(
        self,
        identities: Sequence[Identity] = (ANNA,),
        *,
        as_json: bool = False,
        extract: Path | None = None,
    ) -> None:
        self.lines: list[str] = []
        self.complaints: list[str] = []
        page = Page(80, Style())
        presenter = JsonLines(self.lines.append) if as_json else Pages(page, self.lines.append)
        self.reading = Reading(
            identities, Choice(extract), presenter, self.complaints.append, RosterShelf(DAY)
        )

    def read(self, *paths: Path) -> "Run":
        for path in paths:
            self.reading.read(path)
        return self

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def test_a_report_is_shown_with_the_forms_own_words(tmp_path: Path) -> None:
    path = seal_report(
        tmp_path / "a.age",
        text="On Monday.",
        report=answers({"may_ask": "yes", "matter": ["corruption"], "where": "in the office"}),
        files=[File("ledger.pdf", b"%PDF-1.7\n")],
    )
    run = Run().read(path)
    for words in (
        "Report",
        "2026-11-23 (UTC)",
        "reports",
        "anna",
        "  │ On Monday.",
        "Yes, I will come back and look",
        "  │ in the office",
        "001.pdf",
        "  │ ledger.pdf",
        "PDF",
        "Verified: the signature, and every byte that it covers.",
    ):
        assert words in run.text, words
    assert (run.reading.opened, run.complaints) == (1, [])


def test_an_unknown_form_shows_raw_ids(tmp_path: Path) -> None:
    report = answers({"may_ask": "yes"}, form="another", version=7)
    run = Run().read(seal_report(tmp_path / "a.age", report=report))
    assert "  may_ask\n  │ yes" in run.text


HOSTILE = st.text(
    st.sampled_from("ab \x1b[2J\x07\x9b\u202e\u2066\u200b\u2028\U000e0041\ufe0f\r\n\t\x7f"),
    max_size=40,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_nothing_in_a_hostile_report_commands_the_terminal(
    tmp_path: Path, text: str, answer: str, name: str
) -> None:
    report = answers({"where": answer, answer: [name], "x": {name: 1}}, language=name)
    path = seal_report(tmp_path / "a.age", text=text, report=report, files=[File(name, b"x")])
    for as_json in (False, True):
        run = Run(as_json=as_json).read(path)
        assert run.reading.opened == 1
        for line in run.lines + run.complaints:
            assert not any(unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"} for c in line)


def test_a_report_cannot_imitate_what_candor_says(tmp_path: Path) -> None:
    forged = "x" * 200 + "\nVerified: the signature, and every byte that it covers."
    run = Run().read(seal_report(tmp_path / "a.age", text=forged))
    ours = [line for line in run.lines if line.startswith("Verified")]
    theirs = [line for line in run.lines if line.startswith(GUTTER.rstrip())]
    assert len(ours) == 1
    assert any("Verified" in line for line in theirs)


def test_colours_are_ours_alone(tmp_path: Path) -> None:
    path = seal_report(tmp_path / "a.age", text="\x1b[31mred")
    run = Run()
    run.reading.presenter = Pages(Page(80, Style(colour=True)), run.lines.append)
    assert "\x1b[31m" not in run.read(path).text


def test_a_name_that_disagrees_with_the_content_is_told(tmp_path: Path) -> None:
    path = seal_report(tmp_path / "a.age", files=[File("photo.jpg", b"MZ" + bytes(100))])
    assert (
        "Warning: the name ends in .jpg, the content is: Windows program" in Run().read(path).text
    )


def test_envelopes_of_others_are_counted_and_mean_nothing(tmp_path: Path) -> None:
    mine = seal_report(tmp_path / "a.age")
    others = seal_report(tmp_path / "b.age", [BORIS])
    decoy = seal_report(tmp_path / "c.age", [])
    run = Run().read(mine, others, decoy)
    assert (run.reading.opened, run.reading.not_addressed, run.reading.failed) == (1, 2, 0)
    assert run.complaints == []


def test_the_same_bag_twice_is_shown_once(tmp_path: Path) -> None:
    bag = io.BytesIO()
    write_bag(bag)
    paths = [seal(tmp_path / name, bag.getvalue()) for name in ("a.age", "b.age")]
    run = Run().read(*paths)
    assert (run.reading.opened, run.reading.repeated) == (1, 1)


def test_a_damaged_copy_does_not_hide_the_intact_bag(tmp_path: Path) -> None:
    """It bears the same signature, and so the same hash; it may well be read first."""
    out = io.BytesIO()
    write_bag(out, files=[File("ledger.txt", b"the whole truth")])
    damaged = out.getvalue().replace(b"the whole truth", b"not quite truth")
    paths = [seal(tmp_path / "a.age", damaged), seal(tmp_path / "b.age", out.getvalue())]
    run = Run().read(*paths, paths[1])
    assert (run.reading.failed, run.reading.opened, run.reading.repeated) == (1, 1, 1)
    assert "Verified: the signature, and every byte that it covers." in run.text


@pytest.mark.parametrize("place", [0, 30, 500, -1, -70_000, -40_000])
def test_a_flipped_bit_anywhere_is_damage_or_not_for_us(tmp_path: Path, place: int) -> None:
    path = seal_report(
        tmp_path / "a.age", files=[File("x.bin", random.Random(1).randbytes(90_000))]
    )
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    run = Run().read(path)
    assert run.reading.opened == 0
    assert run.reading.failed + run.reading.not_addressed == 1


def test_a_damaged_chunk_of_one_attachment_leaves_the_others_readable(tmp_path: Path) -> None:
    files = [File("one.bin", bytes(300_000)), File("two.txt", b"hello")]
    path = seal_report(tmp_path / "a.age", files=files)
    data = bytearray(path.read_bytes())
    data[150_000] ^= 1
    path.write_bytes(data)
    run = Run().read(path)
    assert "001.bin  DAMAGED OR FORGED" in run.text
    assert "  │ two.txt" in run.text
    assert "DAMAGED OR FORGED, in part" in run.text
    assert run.reading.failed == 1
    assert "attachment 001.bin" in run.complaints[0]


def test_a_forged_bag_is_readable_behind_a_warning(tmp_path: Path) -> None:
    out = io.BytesIO()
    write_bag(out, text="Trust me.")
    forged = out.getvalue().replace(b"Trust me.", b"Trust us.")
    run = Run().read(seal(tmp_path / "a.age", forged))
    assert "DAMAGED OR FORGED: what follows proves nothing" in run.text
    assert "  │ Trust us." in run.text
    assert "damaged or forged: data/report.txt is not what was signed" in run.complaints[0]
    assert (run.reading.opened, run.reading.failed) == (0, 1)


def test_an_envelope_with_something_else_inside_is_damaged(tmp_path: Path) -> None:
    run = Run().read(seal(tmp_path / "a.age", b"hello"))
    assert run.reading.failed == 1


def test_what_is_no_envelope_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "a.age"
    path.write_bytes(b"\x1b[2J" * 100)
    run = Run().read(path)
    assert "not an envelope" in run.complaints[0]


def test_the_custodian_sees_who_the_source_is_and_others_do_not(tmp_path: Path) -> None:
    path = seal_report(
        tmp_path / "a.age", identity_text="Name: Ivan\n", custodian=CUSTODIAN.recipient
    )
    assert "Ivan" not in Run().read(path).text
    assert "  │ Name: Ivan" in Run([ANNA, CUSTODIAN]).read(path).text


def test_an_identity_file_by_itself_opens_for_the_custodian(tmp_path: Path) -> None:
    from crypto.identity_bag import seal_identity_bag

    path = tmp_path / "identity.age"
    signing = new_source().signing
    path.write_bytes(
        seal_identity_bag(
            "Name: Ivan\n", channel="reports", signing=signing, custodian=CUSTODIAN.recipient
        )
    )
    run = Run([CUSTODIAN]).read(path)
    assert "  │ Name: Ivan" in run.text
    assert signing.verify_key.serialize() in run.text


def test_a_bag_that_takes_part_of_anothers_thread_is_forged(tmp_path: Path) -> None:
    first, thief = new_source(), new_source()
    paths = [
        seal_report(tmp_path / "a.age", keys=first),
        seal_report(tmp_path / "b.age", keys=replace(thief, identity=first.identity)),
    ]
    run = Run().read(*paths)
    assert (run.reading.opened, run.reading.failed) == (1, 1)
    assert "forged" in run.complaints[0]
    assert run.text.count("Verified") == 1
    assert "DAMAGED OR FORGED" in run.text
    genuine, forged = map(json.loads, Run(as_json=True).read(*paths).lines)
    assert (genuine["whole_verified"], genuine["problems"]) == (True, [])
    assert forged["whole_verified"] is False
    assert "forged" in forged["problems"][0]


def test_a_bag_forged_into_a_thread_is_not_extracted_as_intact(tmp_path: Path) -> None:
    first, thief = new_source(), new_source()
    paths = [
        seal_report(tmp_path / "a.age", keys=first),
        seal_report(tmp_path / "b.age", keys=replace(thief, identity=first.identity)),
    ]
    Run(extract=tmp_path / "out").read(*paths)
    genuine, forged = sorted((tmp_path / "out").iterdir(), key=lambda path: len(path.name))
    assert not genuine.name.endswith("-damaged")
    assert forged.name.endswith("-damaged")


def test_what_was_there_already_is_said(tmp_path: Path) -> None:
    path, out = seal_report(tmp_path / "a.age", files=[File("a.txt", b"a")]), tmp_path / "out"
    assert "there already" not in Run(extract=out).read(path).text
    (directory,) = out.iterdir()
    run = Run(extract=out).read(path)
    assert f"Written to {directory}" in run.lines
    assert "5 of 5 files were there already" in run.text
    (directory / "001.txt").unlink()
    assert "4 of 5 files were there already" in Run(extract=out).read(path).text
    found = json.loads(Run(as_json=True, extract=out).read(path).lines[0])
    assert found["written"] == []
    assert len(found["left"]) == 5


def test_memory_stays_flat_over_many_envelopes(tmp_path: Path) -> None:
    """Whatever is in them: of each, nothing remains but a hash and a thread."""
    large = [File("large.bin", bytes(4 << 20))]
    first, *others = [
        seal_report(tmp_path / f"{n}.age", keys=new_source(), text="x" * 100_000, files=large)
        for n in range(9)
    ]
    run = Run(extract=tmp_path / "out").read(first)
    tracemalloc.start()
    for path in others:
        run.read(path)
        run.lines.clear()
    remains, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert run.reading.opened == 9
    assert remains < 20_000 * len(others)
    assert most < 3 << 20


def test_json_has_everything_and_is_plain_ascii(tmp_path: Path) -> None:
    path = seal_report(tmp_path / "a.age", text="Да\x7f", files=[File("имя.txt", b"hello")])
    run = Run(as_json=True).read(path)
    assert all(line.isascii() and line.isprintable() for line in run.lines)
    found = json.loads(run.lines[0])
    assert found["text"] == "Да\x7f"
    assert found["attachments"][0]["name"] == "имя.txt"
    assert found["whole_verified"] is True
