import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

PROGRAM = """
import sys
from pathlib import Path
from intake.service import Intake
from tests.intake.support import SIGNER, SIXTEEN, Calendar, make_envelope

calendar = Calendar()
with Intake.create(Path(sys.argv[1]), today=calendar) as intake:
    for _ in range(120):  # more headers than SQLite keeps in memory
        intake.receive(SIXTEEN, [make_envelope(slots=16)])
    calendar.turn()
    intake.run_batch(SIGNER)
    calendar.turn(100)
    intake.purge({"main": 30})
"""


def test_nothing_is_written_outside_the_data_directory(tmp_path):
    """Not even SQLite's temporary copy, which VACUUM would put in /var/tmp."""
    directory, trace = tmp_path / "data", tmp_path / "trace"
    calls = "trace=open,openat,creat"
    watch = ["strace", "-f", "-y", "--seccomp-bpf", "-qq", "-e", calls, "-o", trace]
    program = [sys.executable, "-B", "-c", PROGRAM, str(directory)]
    subprocess.run([*watch, *program], cwd=ROOT, check=True)
    written = r'(?:<([^>]+)>, |\()"([^"]+)", [^)]*O_(?:RDWR|WRONLY|CREAT|TMPFILE)'
    found = re.findall(written, trace.read_text())
    opened = [str(Path(place) / name) for place, name in found]
    assert any("/etilqs_" in path for path in opened), "the copy fits in memory: store more"
    assert {path for path in opened if not path.startswith(f"{directory}/")} <= {"/dev/null"}
