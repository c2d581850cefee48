"""The settings: one documented file, the environment above it, and no value in an error."""

import tomllib
from pathlib import Path

import pytest

from app.settings import Place, Settings, SettingsError, document_settings, load_settings

KEY = "RW" + "A" * 54


def write(directory: Path, text: str) -> Path:
    path = directory / "candor.toml"
    path.write_text(text)
    return path


def test_paths_start_at_the_file(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, f'root_key = "{KEY}"\nsocket = "run/candor"\n'))
    assert settings.data == tmp_path / "data"
    assert settings.roster == tmp_path / "roster.json"
    assert settings.socket == tmp_path / "run/candor"


def test_the_environment_overrides_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANDOR_PORT", "9000")
    assert load_settings(write(tmp_path, f'root_key = "{KEY}"\nport = 8000\n')).port == 9000


def test_the_environment_alone_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANDOR_ROOT_KEY", KEY)
    monkeypatch.setenv("CANDOR_REPORT_LIMIT", "2GiB")
    assert load_settings(None).report_limit == 2 << 30


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "root_key: field required"),
        (f'root_key = "{KEY}"\nmarker = "marker"\n', "marker: extra inputs are not permitted"),
        (f'root_key = "{KEY}"\nport = "marker-1"\n', "port: input should be a valid integer"),
        (f'root_key = "{KEY}"\nport = 70000\n', "port: input should be less than"),
        (f'root_key = "{KEY}"\nleave_to = "javascript:marker-1"\n', "leave_to: "),
        ("marker-1 =", "is not TOML"),
    ],
)
def test_a_mistake_is_one_line_without_the_value(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(write(tmp_path, text))
    message = str(caught.value)
    assert says in message
    assert "\n" not in message
    assert "marker-1" not in message


@pytest.mark.parametrize(
    "places",
    [
        "courier_port = 8080",
        'courier_port = 8080\ncourier_host = "0.0.0.0"',
        'socket = "run"\ncourier_socket = "run"',
    ],
)
def test_couriers_do_not_come_where_sources_come(tmp_path: Path, places: str) -> None:
    with pytest.raises(SettingsError, match="a port or socket of their own"):
        load_settings(write(tmp_path, f'root_key = "{KEY}"\n{places}\n'))


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ("", None),
        ("courier_port = 8081", ("127.0.0.1", 8081, None)),
        ('socket = "run"\ncourier_port = 8080', ("127.0.0.1", 8080, None)),
        ('courier_socket = "c"\ncourier_port = 8080', ("127.0.0.1", 0, "c")),
    ],
)
def test_couriers_are_answered_only_where_it_is_said(
    tmp_path: Path, places: str, expected: tuple[str, int, str | None] | None
) -> None:
    place = load_settings(write(tmp_path, f'root_key = "{KEY}"\n{places}\n')).courier_place
    if expected is None:
        assert place is None
    else:
        host, port, socket = expected
        assert place == Place(host, port, tmp_path / socket if socket else None)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read .*nowhere\.toml"):
        load_settings(tmp_path / "nowhere.toml")


def test_the_documented_file_says_what_holds_without_it(tmp_path: Path) -> None:
    text = document_settings({"root_key": KEY, "port": 8081})
    assert tomllib.loads(text) == {"root_key": KEY, "port": 8081}
    assert load_settings(write(tmp_path, text)).port == 8081


def test_every_setting_says_why_it_is_there() -> None:
    text = document_settings({})
    for name, field in Settings.model_fields.items():
        assert field.description
        assert f"# {name} = " in text


def test_every_default_can_be_uncommented(tmp_path: Path) -> None:
    text = document_settings({"root_key": KEY})
    wanted = [line[2:] for line in text.splitlines() if line.startswith("# ") and " = " in line]
    plain = [line for line in wanted if not line.endswith('""')]
    settings = load_settings(write(tmp_path, "\n".join([f'root_key = "{KEY}"', *plain])))
    assert settings == load_settings(write(tmp_path, f'root_key = "{KEY}"'))
