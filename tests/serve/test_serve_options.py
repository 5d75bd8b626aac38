"""Settings of a server, and those it refuses."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from weftnet.cli import app
from weftnet.errors import RunError, SettingError, WeftnetError
from weftnet.serve.keys import Keys
from weftnet.serve.loading import load
from weftnet.serve.metrics import Metrics
from weftnet.serve.model import finite
from weftnet.serve.options import Options
from weftnet.serve.places import Place
from weftnet.serve.refusal import Refusal, error_json
from weftnet.serve.repository import Repository
from weftnet.serve.server import listening


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"max_batch": 0}, "must be above 0"), ({"grace": -1.0}, "must be at least 0"),
     ({"engine": "steam"}, "unknown engine"), ({"port": 70_000}, "is not a port"),
     ({"queue": -3}, "must be above 0"), ({"timeout": 0.0}, "must be above 0"),
     ({"threads": 10**6}, "from 1 to 1,024")],
)  # fmt: skip
def test_options_that_cannot_be(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Options(**settings)


@pytest.mark.parametrize(("text", "wait"), [("0ms", 0.0), ("0", 0.0), ("3ms", 0.003), ("1", 1.0)])
def test_a_wait_may_be_none_on_the_command_line(monkeypatch: pytest.MonkeyPatch, text: str, wait: float) -> None:
    received: list[Options] = []
    monkeypatch.setattr(
        "weftnet.cli.commands.serve.serve_command", lambda runs, options, output: received.append(options)
    )
    assert CliRunner().invoke(app, ["serve", "run", "--max-wait", text]).exit_code == 0
    assert [options.max_wait for options in received] == [wait]


@pytest.mark.parametrize(
    ("option", "text", "expected"),
    [("--max-wait", "-1ms", "0, 20ms or 60s"), ("--max-wait", "soon", "0, 20ms or 60s"),
     ("--max-wait", "nan", "0, 20ms or 60s"), ("--timeout", "0s", "60s, 5m or 1h")],
)  # fmt: skip
def test_what_is_no_time_on_the_command_line(option: str, text: str, expected: str) -> None:
    refused = CliRunner().invoke(app, ["serve", "run", option, text]).exception
    assert isinstance(refused, SettingError)
    assert (refused.expected, refused.got) == (expected, text)


def test_key_files(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="no such file of API keys"):
        Keys.read(tmp_path / "keys")
    (tmp_path / "keys").write_text("# none yet\n\n")
    with pytest.raises(SettingError, match="contains no API key"):
        Keys.read(tmp_path / "keys")
    (tmp_path / "keys").write_text("secret\n")
    with pytest.raises(SettingError, match="an API key is too short") as short:
        Keys.read(tmp_path / "keys")
    assert "secret" not in str(short.value)
    Keys().require([])
    with pytest.raises(Refusal, match="needs an API key"):
        Keys(["a-key-that-is-long"]).require([(b"x-api-key", b"a-key-that-is-lonG")])


@pytest.mark.parametrize("text", ["=runs/x", "a b=runs/x", "../x=runs/x", "a/b=runs/x", "/", "x" * 101 + "=y"])
def test_names_that_cannot_stand_in_an_address(text: str) -> None:
    with pytest.raises(SettingError, match="can't be part of a URL"):
        Place.parse(text)


def test_places(tmp_path: Path) -> None:
    assert Place.parse(f"a={tmp_path}/x=y") == Place("a", tmp_path / "x=y")
    assert Place.parse(str(tmp_path / "digits")) == Place("digits", tmp_path / "digits")
    for folder in ("1", "10", "2", "best", "0x3", "4"):
        (tmp_path / folder).mkdir()
    for folder in ("1", "10", "2", "best", "0x3"):
        (tmp_path / folder / "run.json").write_text("{}")
    assert sorted(Place("a", tmp_path).versions()) == ["1", "10", "2"]


def test_the_folder_of_a_fit_is_served_by_its_best_run(tmp_path: Path) -> None:
    (tmp_path / "cnn-seed0").mkdir()
    (tmp_path / "cnn-seed0" / "run.json").write_text("{}")
    (tmp_path / "competition.json").write_text('{"format": 1, "best": null}')
    assert Place("a", tmp_path).versions() == {}  # still in training
    (tmp_path / "competition.json").write_text('{"format": 1, "best": "cnn-seed0"}')
    assert Place("a", tmp_path).versions() == {"1": tmp_path / "cnn-seed0"}


def test_what_holds_no_model(tmp_path: Path) -> None:
    async def opened(*places: Place) -> None:
        await Repository(places, lambda folder: load(folder, Options()), Options(), Metrics()).open()

    with pytest.raises(RunError, match="contains no run, no export"):
        asyncio.run(opened(Place("a", tmp_path)))
    with pytest.raises(SettingError, match="two models have the same name"):
        asyncio.run(opened(Place("a", tmp_path), Place("a", tmp_path / "b")))
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(WeftnetError, match=r"run\.json: says no status"):
        asyncio.run(opened(Place("a", tmp_path)))
    (tmp_path / "run.json").write_text('{"status": "finished"}')
    with pytest.raises(WeftnetError, match="the field 'format' is wrong"):
        asyncio.run(opened(Place("a", tmp_path)))
    (tmp_path / "run.json").rename(tmp_path / "manifest.json")
    with pytest.raises(WeftnetError, match="the field 'format' is wrong"):
        load(tmp_path, Options(engine="torch"))


def test_an_address_that_is_taken() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(SettingError, match="can't listen on this address"):
            listening(Options(port=other.getsockname()[1]))


def test_answers_that_are_no_numbers() -> None:
    assert finite({"a": 1.0, "b": [1.0, [2.0]]})
    assert finite("label")
    assert not finite({"a": [0.0, float("nan")]})
    assert not finite([[float("inf")]])


def test_a_refusal_is_told_in_parts() -> None:
    assert error_json(Refusal(422, "no", where="here", fix="go")) == {
        "error": {"what": "no", "where": "here", "fix": "go"}
    }
