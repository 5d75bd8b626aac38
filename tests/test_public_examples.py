"""Every public name has a docstring with an example, which is run."""

import doctest
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import weftnet
from weftnet.plugins import loaded, unload

PARSER = doctest.DocTestParser()


def examples(name: str) -> str:
    return inspect.getdoc(getattr(weftnet, name)) or ""


@pytest.mark.parametrize("name", weftnet.__all__)
def test_every_public_name_has_an_example(name: str) -> None:
    assert PARSER.get_examples(examples(name)), f"{name}: its docstring has no >>> example"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the run that examples name."""
    folder = tmp_path_factory.mktemp("examples")
    before = {plugin.name for plugin in loaded()}
    weftnet.fit("digits", "mlp", steps=60, recipe={"plan": "eager"}, out=folder / "runs" / "digits", progress=False)
    yield folder
    for plugin in loaded():
        if plugin.name not in before:
            unload(plugin.name)


@pytest.mark.slow
@pytest.mark.parametrize("name", weftnet.__all__)
def test_examples_give_what_they_print(name: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    known = {"weftnet": weftnet, "torch": torch, "Path": Path}
    test = PARSER.get_doctest(examples(name), known, name, None, 0)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=said.append)
    assert not said, "".join(said)
