"""`weftnet contract`: a plugin's entries, a line for each property, and what to mend."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from weftnet import plugins
from weftnet.cli import app
from weftnet.contract._check import Broken, expect
from weftnet.errors import SettingError, UnknownName

PLUGIN = '''
"""A loss of mine, and one that ignores its mask."""


def steady(outputs, target, mask=None):
    error = (outputs - target).abs()
    if mask is None:
        return error.mean()
    kept = mask.reshape(len(mask), *[1] * (error.dim() - 1)).expand_as(error)
    return (error * kept).sum() / kept.sum().clamp(min=1)


def careless(outputs, target, mask=None):
    return (outputs - target).abs().mean()


ENTRIES = {"loss": [steady, careless]}
'''


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "mine.py").write_text(PLUGIN, encoding="utf-8")
    yield tmp_path / "mine.py"
    for plugin in plugins.loaded():
        plugins.unload(plugin.name)


def test_what_a_plugin_brings_is_checked(mine: Path) -> None:
    done = CliRunner().invoke(app, ["contract", str(mine)])
    assert isinstance(done.exception, SystemExit), done.output
    assert done.exit_code == 1
    steady, careless = done.output[done.output.index("loss steady") :], done.output[: done.output.index("loss steady")]
    assert "BROKEN" not in steady.split("10 checks")[0]
    assert "BROKEN  What the mask leaves out changes nothing, and gets no gradient" in careless
    assert "fix: take the mean over what the mask keeps, and nothing else" in careless
    assert "10 checks of 2 entries: 2 broken" in done.output


def test_one_entry_of_it(mine: Path) -> None:
    done = CliRunner().invoke(app, ["contract", str(mine), "--entry", "loss:steady"])
    assert done.exit_code == 0
    assert "5 checks of 1 entries: all kept" in done.output


def test_as_json(mine: Path) -> None:
    done = CliRunner().invoke(app, ["contract", str(mine), "--json"])
    assert done.exit_code == 1
    found = json.loads(done.output)["checks"]
    assert {(each["registry"], each["entry"]) for each in found} == {("loss", "steady"), ("loss", "careless")}
    assert {each["entry"] for each in found if each["verdict"] == "broken"} == {"careless"}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ([], SettingError, "there is nothing to check"),
        (["--entry", "relu"], SettingError, "an entry is written REGISTRY:NAME"),
        (["--entry", "block:rellu"], UnknownName, "no block is called 'rellu'"),
        (["--entry", "blok:relu"], UnknownName, "no contract is called 'blok'"),
    ],
)
def test_what_cannot_be_checked(arguments: list[str], error: type[Exception], message: str) -> None:
    done = CliRunner().invoke(app, ["contract", *arguments])
    assert isinstance(done.exception, error)
    assert message in str(done.exception)


def test_a_check_that_could_not_fail_is_an_error() -> None:
    expect(True, "it holds")
    with pytest.raises(Broken, match="it does not"):
        expect(False, "it does not")
    with pytest.raises(TypeError, match="condition: expected True or False, got 'it does not'"):
        expect("it does not", False)  # type: ignore[arg-type]
