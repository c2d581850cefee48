import errno
import subprocess
import sys
from pathlib import Path

import pytest

from intake.database import storage_errors
from intake.errors import StorageError, StorageFullError
from tests.support.namespaces import in_own

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("reserve", ["with", "without"])
def test_a_full_volume_refuses_keeps_what_is_there_and_goes_on_with_room(tmp_path, reserve):
    """On a real file system of 24 MiB, mounted where only this process sees it."""
    namespace = in_own("mount")
    program = [sys.executable, "-m", "tests.intake.fill", reserve, str(tmp_path)]
    done = subprocess.run([*namespace, *program], cwd=ROOT, check=False, capture_output=True)
    assert (done.returncode, done.stderr.decode()) == (0, "")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_no_room_is_told_from_a_broken_disk(code):
    with pytest.raises(StorageFullError), storage_errors():
        raise OSError(code, "the system's words")


@pytest.mark.parametrize("code", [errno.EIO, errno.EROFS, errno.ENOENT])
def test_a_broken_disk_is_told_without_the_systems_words(code):
    with pytest.raises(StorageError, match=r"^the disk failed$") as caught, storage_errors():
        raise OSError(code, "the system's words")
    assert not isinstance(caught.value, StorageFullError)
