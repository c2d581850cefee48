"""What the console writes is private, whole, and in nobody's way."""

import os
import stat
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

import pytest

from disk.errors import OutputError
from disk.files import (
    new_file,
    new_file_at,
    private_directory,
    private_subdirectory,
    replaced_file_at,
    settle,
    unsettled_file,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


def write_and_fail(writing: AbstractContextManager[BinaryIO]) -> None:
    with writing as file:
        file.write(b"tw")
        raise RuntimeError


def test_a_new_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with new_file_at(tmp_path / "a") as file:
            file.write(b"x")
        with private_directory(tmp_path / "dir" / "deeper"):
            pass
    finally:
        os.umask(before)
    assert mode(tmp_path / "a") == 0o600
    assert mode(tmp_path / "dir" / "deeper") == 0o700


def test_nothing_has_the_name_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with new_file_at(path) as file:
        file.write(b"x")
        assert not path.exists()
    assert path.read_bytes() == b"x"
    assert names(tmp_path) == ["a"]


def test_when_writing_fails_nothing_remains(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        write_and_fail(new_file_at(tmp_path / "a"))
    assert names(tmp_path) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(OutputError), new_file_at(path):
        pass
    assert path.read_bytes() == b"old"


def test_a_file_made_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with pytest.raises(OutputError), new_file_at(path):
        path.write_bytes(b"old")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("target", ["elsewhere", "missing"])
def test_a_link_in_the_way_is_not_followed(tmp_path: Path, target: str) -> None:
    (tmp_path / "elsewhere").write_bytes(b"old")
    (tmp_path / "a").symlink_to(tmp_path / target)
    with pytest.raises(OutputError), new_file_at(tmp_path / "a"):
        pass
    assert (tmp_path / "elsewhere").read_bytes() == b"old"
    assert not (tmp_path / "missing").exists()


def test_a_linked_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(OutputError), private_directory(tmp_path / "link"):
        pass
    with (
        private_directory(tmp_path) as parent,
        pytest.raises(OutputError),
        private_subdirectory(parent, "link"),
    ):
        pass


def test_a_directory_where_others_may_write_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(OutputError), private_directory(shared):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_the_sticky_bit_of_anothers_directory_protects_nothing(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    with private_directory(shared):
        pass
    os.chown(shared, 12345, -1)
    with pytest.raises(OutputError), private_directory(shared):
        pass


def test_a_subdirectory_open_to_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    with (
        private_directory(tmp_path) as parent,
        pytest.raises(OutputError),
        private_subdirectory(parent, "open"),
    ):
        pass


def test_files_land_in_the_directory_that_was_opened(tmp_path: Path) -> None:
    with private_directory(tmp_path / "dir") as parent:
        (tmp_path / "dir").rename(tmp_path / "moved")
        (tmp_path / "dir").symlink_to(tmp_path / "trap")
        with new_file(parent, "a") as file:
            file.write(b"x")
    assert (tmp_path / "moved" / "a").read_bytes() == b"x"


def test_replacing_keeps_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with replaced_file_at(path) as file:
        file.write(b"one")
    with pytest.raises(RuntimeError):
        write_and_fail(replaced_file_at(path))
    assert path.read_bytes() == b"one"
    assert mode(path) == 0o600


def test_one_of_many_files_takes_its_name_at_the_end_and_settles_with_the_rest(
    tmp_path: Path,
) -> None:
    with private_directory(tmp_path / "in") as place:
        for content in (b"first", b"second"):
            with unsettled_file(place, "name") as file:
                file.write(content)
        with pytest.raises(RuntimeError):
            write_and_fail(unsettled_file(place, "other"))
    path = tmp_path / "in" / "name"
    settle([path])
    settle([path] * 300)
    assert names(tmp_path / "in") == ["name"]
    assert path.read_bytes() == b"second"
    assert mode(path) == 0o600
