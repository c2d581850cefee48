"""What the repository as a whole promises."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("app", "cli", "console", "courier", "crypto", "disk", "forms", "intake", "resources")


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


TRACKED = tracked_files()


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace")


@pytest.mark.parametrize(
    "path",
    [p for p in TRACKED if p.parent.name == "requirements" or p.name == "package-lock.json"],
    ids=lambda p: p.name,
)
def test_no_lock_file_names_a_registry_host(path: Path) -> None:
    assert not re.findall(r"https?://[^\s\"']*(?:pypi|npmjs|pythonhosted|registry)", text_of(path))
    assert '"resolved"' not in text_of(path)


def test_every_requirement_is_pinned_with_hashes() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        pinned = re.findall(r"^[a-z0-9][^\s=]*==", text_of(path), re.MULTILINE)
        hashed = re.findall(
            r"^[a-z0-9][^\n]*\\\n    --hash=sha256:[0-9a-f]{64}", text_of(path), re.MULTILINE
        )
        assert pinned, path
        assert len(pinned) == len(hashed), path


def test_no_file_carries_a_path_of_somebodys_machine() -> None:
    machine_path = re.compile(r"/(?:home/[a-z]+|Users/[A-Za-z]+|root|work)/")
    named = [
        path.relative_to(ROOT)
        for path in TRACKED
        if path != Path(__file__) and machine_path.search(text_of(path))
    ]
    assert named == []


def test_every_python_module_stays_readable() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in TRACKED
        if path.suffix == ".py" and (lines := text_of(path).count("\n")) > 350
    }
    assert long == {}


def test_the_wheel_lists_every_room() -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))
    assert tuple(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == ROOMS


def test_the_web_frameworks_spooling_forms_are_never_used() -> None:
    spooling = re.compile(r"\b(?:UploadFile|File|Form)\s*\(|\.form\(\)|import .*\bUploadFile\b")
    found = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "app").rglob("*.py")
        if spooling.search(text_of(path))
    ]
    assert found == [], "these write what a source sends to a temporary file in the clear"


def test_links_between_the_documents_lead_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)} -> {target}"
        for path in TRACKED
        if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text_of(path))
        if "://" not in target and not (path.parent / target).exists()
    ]
    assert broken == []


def test_files_that_the_documents_name_exist() -> None:
    rooms = "|".join((*ROOMS, "tests", "templates", "locales", "benchmarks", "requirements"))
    named = re.compile(rf"`((?:{rooms})/[\w./-]+)`")
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in TRACKED
        if path.suffix == ".md"
        for name in named.findall(text_of(path))
        if not (ROOT / name).exists()
    }
    assert missing == set()
