"""Few examples on frozen features, and classes that come later."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from weftnet.architecture.reading import from_dict
from weftnet.cli.commands.fit import fit_command
from weftnet.compete.entering import FitOptions
from weftnet.compete.jobs import conclude
from weftnet.data import open_data
from weftnet.data.opening import reopen
from weftnet.errors import DataError, RunError, SettingError
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit
from weftnet.transfer.add_class import add_class

NET = {"chain": ["flatten", {"dense": {"dim": 16}}, "relu"]}


def examples(path: Path, classes: dict[str, int], seed: int) -> Path:
    """Images 4×5 of classes a, b, c …, each brighter in a row of its own."""
    draw = np.random.default_rng(seed)
    y = np.repeat([*classes], [*classes.values()])
    x = draw.normal(size=(len(y), 4, 5)).astype(np.float32)
    for row, label in enumerate(y):
        x[row, ord(label) - ord("a")] += 2.5
    np.savez(path, x=x, y=y)
    return path


@pytest.fixture
def started(tmp_path: Path) -> Path:
    """A run that knows a and b."""
    data = open_data(str(examples(tmp_path / "base.npz", {"a": 60, "b": 60}, 0)))
    task = TASKS.get("classification").from_data(data)
    recipe = Recipe.for_task(task, steps=30, batch_size=16, plan="eager", lr=0.01)
    fit(from_dict(NET), task, data, recipe, tmp_path / "base", device="cpu")
    return tmp_path / "base"


def few(tmp_path: Path, started: Path | None, **options: Any) -> Path:
    """A fit on a few examples of b and c."""
    source = examples(tmp_path / "few.npz", {"b": 14, "c": 11}, 1)
    start = None if started is None else {"from": str(started), **options.pop("how", {})}
    fit_command(FitOptions(str(source), start=start, out=tmp_path / "few", jobs=1, **{"few": True, **options}))
    return tmp_path / "few"


def weights(folder: Path) -> dict[str, NDArray[Any]]:
    return {name: value.numpy() for name, value in load(folder).model.state_dict().items()}


def test_nothing_below_the_last_layer_moves(tmp_path: Path, started: Path) -> None:
    folder, before = few(tmp_path, started), weights(started)
    names = {path.name for path in folder.iterdir() if (path / "run.json").is_file()}
    assert names == {"prototypes-seed0", "logistic_probe-seed0"}
    for name in names:
        after = weights(folder / name)
        body = [key for key in before if not key.startswith("network.3")]
        assert body
        assert all((after[key] == before[key]).all() for key in body)
        facts = load(folder / name).run.facts
        assert facts.start is not None
        assert facts.start.ancestors[0].name == "base"
        assert facts.scores["test"]["accuracy"] >= 0.75


@pytest.mark.parametrize("how", [{"tune": "head"}, {"freeze": ["0"], "l2_sp": 0.1}, {"thaw": {"0": 0.5}}], ids=str)
def test_few_trains_in_no_way(tmp_path: Path, started: Path, how: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match=f"the last layer is solved for[\\s\\S]*got: {', '.join(how)}"):
        few(tmp_path, started, how=how)


def test_a_training_has_to_beat_the_features_as_they_are(tmp_path: Path, started: Path) -> None:
    """Last layers that are solved for are baselines of a start, unless it says how it is trained."""

    def standings(**options: Any) -> dict[str, bool]:
        folder = few(tmp_path, started, few=False, recipe={"steps": 2}, replace=True, **options)
        document = json.loads((folder / "competition.json").read_text())
        return {each["name"]: each.get("baseline", False) for each in document["standings"]}

    assert standings() == {"base": False, "prototypes": True, "logistic_probe": True}
    assert standings(baselines=False) == {"base": False}
    assert standings(how={"tune": "head"}) == {"base": False}
    assert standings(how={"delta": True})["prototypes"]


def test_few_needs_a_start(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="add --start RUN"):
        few(tmp_path, None)


def test_few_needs_a_task_that_can_be_solved_for(tmp_path: Path, started: Path) -> None:
    with pytest.raises(SettingError, match="no last layer can be solved for"):
        few(tmp_path, started, task="variational_autoencoder")


def test_a_class_is_added_by_its_examples_alone(tmp_path: Path, started: Path) -> None:
    old = few(tmp_path, started) / "prototypes-seed0"
    run, fresh = add_class(old, str(examples(tmp_path / "new.npz", {"d": 6, "a": 5}, 2)), tmp_path / "more")
    assert fresh == ["a", "d"]
    new, before = load(run.folder), load(old)
    assert list(new.task.labels) == ["b", "c", "a", "d"]  # type: ignore[attr-defined]
    # the old classes are told from each other as before
    probe = open_data(str(examples(tmp_path / "probe.npz", {"b": 20, "c": 20}, 3)), splits={"train": 1.0})
    (batch,) = probe.batches("train", 100)
    odds = [loaded.outputs(batch).numpy() for loaded in (before, new)]
    assert np.allclose(odds[0][:, 0] - odds[0][:, 1], odds[1][:, 0] - odds[1][:, 1], atol=1e-4)
    # the new ones are known
    state = new.run.json("data.json")
    judged = reopen(state, str(examples(tmp_path / "all.npz", {"a": 25, "b": 25, "c": 25, "d": 25}, 4)))
    scores, _ = new.evaluated(judged, "test")
    assert scores["accuracy"] > 0.85
    answer = new.predict({"x" if "x" in new.preprocessing.columns else "image": np.load(tmp_path / "all.npz")["x"][:1]})
    assert answer[0]["label"] == "a"
    # its own data are still its data, with the same answers possible
    assert conclude(new.run, reopen(state))["test"]["accuracy"] >= 0.75
    assert [each.name for each in run.facts.start.ancestors] == ["prototypes-seed0", "base"]  # type: ignore[union-attr]
    assert "11 examples" in run.facts.start.lines[0]  # type: ignore[union-attr]


def test_known_classes_are_refused(tmp_path: Path, started: Path) -> None:
    old = few(tmp_path, started) / "prototypes-seed0"
    with pytest.raises(DataError, match="knows these classes") as raised:
        add_class(old, str(examples(tmp_path / "new.npz", {"d": 4, "c": 4}, 2)), tmp_path / "more")
    assert raised.value.got == "c"
    assert not (tmp_path / "more").exists()


def test_examples_need_labels(tmp_path: Path, started: Path) -> None:
    old = few(tmp_path, started) / "prototypes-seed0"
    np.savez(tmp_path / "bare.npz", x=np.zeros((3, 4, 5), np.float32))
    with pytest.raises(DataError, match="have no classes"):
        add_class(old, str(tmp_path / "bare.npz"), tmp_path / "more")


def test_only_prototypes_are_joined(tmp_path: Path, started: Path) -> None:
    probe = few(tmp_path, started) / "logistic_probe-seed0"
    new = str(examples(tmp_path / "new.npz", {"d": 4}, 2))
    for folder, got in ((probe, "solved by logistic"), (started, "trained by steps")):
        with pytest.raises(RunError, match="can't take further classes") as raised:
            add_class(folder, new, tmp_path / "more")
        assert raised.value.got == got
    assert not (tmp_path / "more").exists()
