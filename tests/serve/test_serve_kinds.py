"""Every kind of column over HTTP: a served answer is the run's on every example, by every engine."""

from collections.abc import Iterator

import pytest
from export_fakes import make, same, scenes
from oracles import unchecked
from serve_fakes import Server, serving

from weftnet import export
from weftnet.run.loading import Loaded

SCENES = scenes()


def model(name: str) -> str:
    return name.replace(" ", "-")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Loaded]:
    folder = tmp_path_factory.mktemp("kinds")
    return {name: make(scene, folder / model(name))[0] for name, scene in SCENES.items()}


@pytest.fixture(
    scope="module", params=["torch", *(pytest.param(name, marks=pytest.mark.slow) for name in ("onnx", "torch_export"))]
)
def every_kind(
    request: pytest.FixtureRequest, made: dict[str, Loaded], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One server of all the runs."""
    if request.param != "torch":
        for loaded in made.values():
            with unchecked():
                export.write(loaded, loaded.run.folder / "export" / request.param, request.param)
    folders = [f"{model(name)}={loaded.run.folder}" for name, loaded in made.items()]
    with serving(*folders, "--engine", request.param, home=tmp_path_factory.mktemp("home")) as server:
        yield server


@pytest.mark.parametrize("name", SCENES)
def test_each_kind_is_served_as_answered_offline(name: str, every_kind: Server, made: dict[str, Loaded]) -> None:
    """Alone, a few at a time, and the rest at once."""
    rows, expected = SCENES[name].rows(), made[name].predict(SCENES[name].raw)
    got = [answer for part in (rows[:1], rows[1:4], rows[4:]) for answer in every_kind.predict(model(name), part)]
    same(got, expected)
