"""The wheel is the whole program: installed alone, it makes, serves, exports and opens."""

import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.namespaces import in_own
from tests.support.service import ROOT, free_port

REPORT = 'They paid "for the roof". Я видел бумаги.'
FILE = bytes(range(256)) * 1000


@dataclass(frozen=True)
class Installed:
    """An environment that has the wheel and what it needs, and a place that has nothing else."""

    wheel: Path
    programs: Path
    place: Path

    def command(self, *words: str) -> list[str]:
        return [str(self.programs / "candor"), *words]

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        return {"PATH": f"{self.programs}:/usr/bin:/bin", **kept}

    def run(self, *words: str, **more: str) -> str:
        """Run `candor`, and give what it said; it must succeed."""
        done = subprocess.run(
            self.command(*words),
            cwd=self.place,
            env=self.environment | more,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    place = tmp_path_factory.mktemp("wheel")
    dist, venv, empty = place / "dist", place / "venv", place / "empty"
    empty.mkdir()
    uv = str(Path(sys.executable).with_name("uv"))
    install = [uv, "pip", "install", "--quiet", "--python", str(venv / "bin" / "python")]
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(dist)]
    do(*build, str(ROOT))
    (wheel,) = dist.glob("*.whl")
    do(uv, "venv", "--quiet", "--python", sys.executable, str(venv))
    do(*install, "--require-hashes", "-r", str(ROOT / "requirements" / "run.txt"))
    do(*install, "--no-deps", str(wheel))
    return Installed(wheel, venv / "bin", empty)


def do(*command: str) -> None:
    done = subprocess.run(command, cwd="/", capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_the_wheel_has_everything_that_the_program_reads(installed: Installed) -> None:
    names = set(zipfile.ZipFile(installed.wheel).namelist())
    for kind in ("templates", "static", "locales"):
        ours = (path for path in (ROOT / kind).rglob("*") if path.is_file())
        missing = {f"resources/data/{path.relative_to(ROOT)}" for path in ours} - names
        assert missing == set()
    assert "forms/default.toml" in names
    ours = (ROOT / "intake" / "migrations" / "versions").glob("*.py")
    assert {f"intake/migrations/versions/{path.name}" for path in ours} <= names


def test_the_wheel_has_nothing_else(installed: Installed) -> None:
    names = zipfile.ZipFile(installed.wheel).namelist()
    rooms = {name.partition("/")[0] for name in names}
    assert {room for room in rooms if not room.startswith("candor-")} == {
        *("app", "cli", "console", "courier", "crypto", "disk", "forms", "intake", "resources")
    }
    assert not [name for name in names if name.endswith((".pyc", ".bak", ".orig", "~"))]


def test_it_runs_from_where_it_was_installed(installed: Installed) -> None:
    code = "import app, crypto, resources; print(app.__file__, resources.resource('templates'))"
    python = [str(installed.programs / "python"), "-I", "-c", code]
    said = subprocess.run(python, cwd=installed.place, capture_output=True, check=True).stdout
    assert str(ROOT).encode() not in said
    assert installed.run("--version").startswith("candor ")


def test_init_serve_report_export_open(installed: Installed) -> None:
    """The whole way, with every command as an operator and a reviewer type it."""
    said = installed.run("identity", "new", "--out", "anna.age", "--generate")
    passphrase, key, recipient = (
        re.search(rf"^{name}\s+(.+)$", said, re.MULTILINE)[1]  # type: ignore[index]
        for name in ("Passphrase", "Signs as", "Recipient")
    )
    port = free_port()
    plan = f"""
origins = ["http://127.0.0.1:{port}"]
[[reviewer]]
id = "anna"
name = "Anna"
role = "Lawyer"
recipient = "{recipient}"
key = "{key}"
[[channel]]
id = "general"
names = {{ en = "Corruption and abuse" }}
"""
    (installed.place / "plan.toml").write_text(plan)
    (installed.place / "passphrase").write_text(passphrase + "\n")
    installed.run("init", "service", "--plan", "plan.toml", "--generate")
    config = ["--config", "service/candor.toml"]
    with serving(installed, port, *config):
        send_report(installed, port)
    assert "1 envelope" in installed.run("export", "out", "--open-day", *config)
    require_opened(installed, "anna.age", "passphrase", "opened")
    assert "Closed" in installed.run("batch", *config)
    installed.run("purge", *config)


@contextmanager
def serving(installed: Installed, port: int, *config: str) -> Iterator[None]:
    command = installed.command("serve", *config)
    given = installed.environment | {"CANDOR_PORT": str(port)}
    process = subprocess.Popen(command, cwd=installed.place, env=given, stderr=subprocess.PIPE)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said.decode()
    assert b"service stopped" in said


def send_report(installed: Installed, port: int, reader: str = "anna") -> None:
    (installed.place / "photo.jpg").write_bytes(FILE)
    url = f"http://127.0.0.1:{port}/en/report/general"
    patience = ["--retry-connrefused", "--retry", "60", "--retry-delay", "1"]
    form = ["-F", f"reader={reader}", "-F", f"report={REPORT}", "-F", "file=@photo.jpg"]
    sent = ["curl", "-qs", *patience, "-o", "/dev/null", "-w", "%{http_code}", *form, url]
    done = subprocess.run(sent, cwd=installed.place, capture_output=True, check=False)
    assert done.stdout == b"303"


def require_opened(installed: Installed, identity: str, passphrase: str, extracted: str) -> None:
    who = ["--identity", identity, "--passphrase-file", passphrase]
    shown = installed.run("open", "out", *who, "--extract", extracted)
    assert REPORT in shown
    (text,) = (installed.place / extracted).rglob("report.txt")
    (photo,) = (installed.place / extracted).rglob("001.jpg")
    assert text.read_text() == REPORT
    assert photo.read_bytes() == FILE


DEMO = r"""
candor demo var > said & demo=$!
post() { curl -qs -o /dev/null -w '%{http_code}\n' "$@" http://127.0.0.1:8080/en/report/general; }
post --retry-connrefused --retry 60 --retry-delay 1 -F reader=reviewer-a -F "report=$REPORT"
sed -n '/^2\. /,/^3\. /p' said | sed '1d; $d' > read.sh
sh -e read.sh
kill $demo; wait $demo
"""


def test_the_demonstration_is_read_by_the_commands_that_it_prints(installed: Installed) -> None:
    """On a network of its own: it is served at one port only, which may be taken here."""
    alone = [*in_own("net"), sys.executable]
    alone += ["-I", str(Path(__file__).with_name("alone.py")), "sh", "-e", "-c", DEMO]
    place = installed.place / "demo"
    place.mkdir()
    given = installed.environment | {"REPORT": REPORT}
    done = subprocess.run(alone, cwd=place, env=given, capture_output=True, check=False)
    said = done.stdout.decode()
    assert done.returncode == 0, said + done.stderr.decode()
    assert said.startswith("303\n")
    assert REPORT in said
    assert len(list((place / "var" / "identities").glob("*.age"))) == 3
