"""FastAPI brings nothing along that we did not ask for."""

import subprocess
import sys

import pytest
from fastapi.routing import APIRoute

from app.routes import ROUTERS
from tests.app.conftest import Web
from tests.support.service import ROOT


def test_no_telemetry_whatever_the_environment_asks_for(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    telemetry = web.client.app._telemetry
    parts = ("tracing", "metrics", "logs", "operation_spans", "auto_configure")
    assert [telemetry[part] for part in parts] == [False] * 5
    assert telemetry["exclude"]({}) is True
    assert {*telemetry} - {*parts} == {
        "exclude",
        "tracer_provider",
        "meter_provider",
        "logger_provider",
    }
    assert not web.client.app._native_telemetry.enabled()


def test_the_telemetry_sdk_is_neither_imported_nor_installed() -> None:
    program = (
        "import sys, importlib.util, app.serve\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry.sdk')]\n"
        "assert importlib.util.find_spec('opentelemetry.sdk') is None\n"
        "assert importlib.util.find_spec('opentelemetry.exporter') is None\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], cwd=ROOT, check=True)


def test_no_route_asks_fastapi_to_read_a_body() -> None:
    """`Form`, `File` and `UploadFile` would spool what a source sends to a disk."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    assert len(routes) > 8
    assert not [route.path for route in routes if route.body_field is not None]
