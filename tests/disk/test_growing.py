"""A file that grows is private, goes on where it was left, and takes its name when it is whole."""

import os
import stat
from pathlib import Path

import pytest

from disk.files import new_file, private_directory, remove_unfinished
from disk.growing import growing_file, publish_grown, remove_file


def test_what_was_written_is_there_the_next_time(tmp_path: Path) -> None:
    with private_directory(tmp_path) as parent:
        with growing_file(parent, "a.part") as file:
            file.write(b"one")
        with growing_file(parent, "a.part") as file:
            assert file.read() == b"one"
            file.write(b", two")
            publish_grown(parent, file, "a.part", "a")
    assert (tmp_path / "a").read_bytes() == b"one, two"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_it_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with private_directory(tmp_path) as parent, growing_file(parent, "a.part"):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.part").stat().st_mode) == 0o600


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.part").symlink_to(tmp_path / "elsewhere")
    with (
        private_directory(tmp_path) as parent,
        pytest.raises(OSError, match="symbolic"),
        growing_file(parent, "a.part"),
    ):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_removing_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    with private_directory(tmp_path) as parent:
        remove_file(parent, "a")
        with growing_file(parent, "a"):
            pass
        remove_file(parent, "a")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    left = [f".{name}.{'0' * 16}.part" for name in ("a.zip", "b.zip")]
    kept = ["a.zip", ".a.zip.part", f"a.zip.{'0' * 16}.part", ".hidden"]
    for name in [*left, *kept]:
        (tmp_path / name).touch()
    with private_directory(tmp_path) as parent:
        remove_unfinished(parent, "a.zip")
        assert (tmp_path / left[1]).exists()
        remove_unfinished(parent)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


def test_a_file_being_written_has_a_name_that_would_be_removed(tmp_path: Path) -> None:
    with (
        private_directory(tmp_path) as parent,
        pytest.raises(FileNotFoundError),
        new_file(parent, "a"),
    ):
        remove_unfinished(parent, "a")
    assert list(tmp_path.iterdir()) == []
