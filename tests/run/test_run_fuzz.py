"""Run folders spoilt by accident or on purpose: always an error of weftnet's own, soon, and nothing written outside."""

import copy
import hashlib
import itertools
import json
import os
import random
import resource
import shutil
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile_runs import BOMB, DEEP, FILES, FIXTURES, JSON, everything, flipped, header, sign, swapped, truncated
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odd_json import odd, places
from quick import some

from weftnet.answer.runner import open_export
from weftnet.architecture.reading import read as read_architecture
from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.base import tensors
from weftnet.compete.compare import compare
from weftnet.data import open_data
from weftnet.errors import RunError, WeftnetError
from weftnet.optim import OPTIMISERS
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit, resume
from weftnet.train.checkpoint import Checkpoints

#: seconds that everything done with one spoilt run may take, and bytes of memory beyond what the tests have
SECONDS, BYTES = 30, 4 * 2**30
MUTATIONS: dict[Callable[[Path, random.Random], None], tuple[str, ...]] = {
    truncated: FILES, flipped: FILES, swapped: FILES, odd: JSON, header: ("weights.safetensors",),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _bounds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Time and memory; and the working folder of the fixtures, by which they name their data."""
    monkeypatch.chdir(FIXTURES)
    had = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + BYTES, had[1]))

    def stop(*_: Any) -> None:
        raise SystemExit(f"more than {SECONDS} s")  # which the gate lets pass

    before = signal.signal(signal.SIGALRM, stop)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
    resource.setrlimit(resource.RLIMIT_AS, had)


def raw_of(name: str) -> dict[str, Any]:
    """Examples that the fixture's run can answer."""
    known = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))["raw"]
    return {key: np.array(each, np.uint8) if isinstance(each[0], list) else each for key, each in known.items()}


def try_all(folder: Path, raw: dict[str, Any]) -> list[str]:
    """Do everything; the errors' texts. Any exception but weftnet's own goes through."""
    beside = sorted(folder.parent.iterdir())
    found = []
    for action in everything(folder, raw):
        signal.alarm(SECONDS)
        try:
            action()
        except WeftnetError as error:
            found.append(str(error))
        signal.alarm(0)
    assert sorted(folder.parent.iterdir()) == beside
    return found


@pytest.mark.parametrize("name", ["digits", "table", "text"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(seed=st.integers(0, 2**32), how=st.sampled_from(list(MUTATIONS)), signed=st.booleans())
def test_spoilt_files(
    name: str, tmp_path: Path, seed: int, how: Callable[[Path, random.Random], None], signed: bool
) -> None:
    folder = tmp_path / "run"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(FIXTURES / name, folder)
    chance = random.Random(seed)
    how(folder / chance.choice(MUTATIONS[how]), chance)
    if signed:
        sign(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numbers that overflow warn; that they are refused or not is tested here
        try_all(folder, raw_of(name))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "text",
    [DEEP, '{"a": ' * 50_000 + "1" + "}" * 50_000, BOMB, "", '{"a": ' + "9" * 10_000 + "}", "\0" * 100],
    ids=["deep", "deep-mapping", "alias-bomb", "empty", "long-number", "nothing"],
)
def test_bombs(name: str, text: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(FIXTURES / "digits", folder)
    (folder / name).write_text(text)
    sign(folder)
    assert try_all(folder, raw_of("digits")) or name in ("history.jsonl", "metrics.json", "recipe.json")


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def _circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _terabyte(path: Path) -> None:
    os.truncate(path, 2**40)  # takes no room on the disk


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("spoil", [_link, _circle, _folder, _pipe, _terabyte], ids=lambda spoil: spoil.__name__[1:])
def test_things_that_are_no_files(name: str, spoil: Callable[[Path], None], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(FIXTURES / "digits", folder)
    spoil(folder / name)
    assert try_all(folder, raw_of("digits"))


CHAIN = "chain:\n- flatten\n- dense: {dim: %s}\n- relu\n- dense: {dim: 10}\n"
LARGE = {
    "dim": CHAIN % 10**12,
    "overflow": CHAIN % 10**30,
    "other size": CHAIN % 9,
    "layers": "chain:\n- flatten\n- reshape: {shape: [8, 8]}\n- lstm: {dim: 8, layers: 1000000000}\n- last_step\n"
    "- dense: {dim: 10}\n",
    "repeat": "chain:\n- flatten\n- repeat: {times: 1000000000, body: relu}\n- dense: {dim: 10}\n",
    "repeats": "chain:\n- flatten\n- repeat: {times: 5000, body: {repeat: {times: 5000, body: relu}}}\n"
    "- dense: {dim: 10}\n",
    "table": "chain:\n- flatten\n- reshape: {shape: [8, 8]}\n- learned_positions: {length: 100000000000}\n- last_step\n"
    "- dense: {dim: 10}\n",
    "code": "chain: !!python/object/apply:os.system ['touch ran']\n",
    "other parts": "parts: {encoder: relu, decoder: relu}\n",
}


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_networks_that_are_not_the_weights(text: str, tmp_path: Path) -> None:
    """Refused before memory is taken: the process may take 4 GiB, and dim 10¹² would need 4 TB."""
    folder = tmp_path / "run"
    shutil.copytree(FIXTURES / "digits", folder)
    (folder / "architecture.yaml").write_text(text)
    sign(folder)
    assert try_all(folder, raw_of("digits"))
    signal.alarm(SECONDS)
    with pytest.raises(WeftnetError):
        load(folder)
    assert not (folder / "ran").exists()
    assert not Path("ran").exists()


DATA: list[tuple[str, str, tuple[str, ...], Any]] = [
    ("text", "data.json", ("preprocessing", "columns", "review", "time"), 10**9),
    ("text", "data.json", ("preprocessing", "columns", "review", "vocabulary"), ["w"] * 40),
    ("text", "data.json", ("preprocessing", "columns", "review", "vocabulary"), [f"w{k}" for k in range(500)]),
    ("digits", "data.json", ("preprocessing", "columns", "x", "dtype"), "O"),
    ("digits", "data.json", ("preprocessing", "columns", "x", "dtype"), "V1000000000000"),
    ("digits", "data.json", ("preprocessing", "columns", "x", "sizes"), [1, 8, 10**9]),
    ("digits", "data.json", ("preprocessing", "columns", "x", "shift"), [float("nan")]),
    ("digits", "data.json", ("preprocessing", "target", "labels"), list(range(11))),
    ("digits", "data.json", ("preprocessing", "columns", "x", "kind"), "os.system"),
    ("table", "data.json", ("preprocessing", "columns", "area", "edges"), [0.0, 1.0, 2.0]),
    ("table", "data.json", ("preprocessing", "columns", "area", "std"), 0.0),
    ("table", "data.json", ("options",), {"limit": "much"}),
    ("table", "data.json", ("source",), "/dev/zero"),
    ("digits", "run.json", ("signals",), {"image": "image:1x1000000x1000000"}),
    ("digits", "run.json", ("signals",), {}),
    ("digits", "run.json", ("engine",), {"name": "onnx", "file": "../../x"}),
    ("digits", "run.json", ("engine",), {"name": "os.system", "file": "weights.safetensors"}),
    ("digits", "run.json", ("engine",), {"name": "onnx", "file": "weights.safetensors"}),
    ("digits", "run.json", ("task",), {"name": "regression", "settings": {}}),
    ("digits", "run.json", ("task",), {"name": "gan", "settings": {}}),
    ("digits", "run.json", ("task",), {"name": "__init__", "settings": {}}),
    ("digits", "run.json", ("task", "settings", "labels"), ["a", "b"]),
    ("digits", "run.json", ("task", "settings", "labels"), [1, 2]),
    ("digits", "run.json", ("task", "settings", "label_smoothing"), "high"),
    ("digits", "run.json", ("files",), {"../../../etc/passwd": "0"}),
    ("digits", "run.json", ("plan",), {"plan": {"threads": [[[[1]]]]}, "source": "given", "seconds": 0.0}),
    ("digits", "data.json", ("preprocessing", "columns", "x", "sizes"), [1, 8, float("inf")]),
    ("digits", "data.json", ("preprocessing", "columns", "x", "sizes"), [1, float("nan"), 8]),
]


@pytest.mark.parametrize(
    ("name", "file", "place", "value"), DATA, ids=[f"{'.'.join(at[2])}-{i}" for i, at in enumerate(DATA)]
)
def test_contradictions(name: str, file: str, place: tuple[str, ...], value: Any, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(FIXTURES / name, folder)
    document = json.loads((folder / file).read_text(encoding="utf-8"))
    holder = document
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    (folder / file).write_text(json.dumps(document), encoding="utf-8")
    sign(folder)
    assert try_all(folder, raw_of(name))


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was stopped and can be resumed."""
    return stopped_by("adamw", tmp_path_factory.mktemp("stopped") / "run")


def stopped_by(optimiser: str, folder: Path) -> Path:
    data = open_data("digits")
    network = Architecture.of(Chain((Block("flatten"), Block("dense", {"dim": 4}), Block("relu"))))
    task = TASKS.get("classification").from_data(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoints, "clear", lambda self: None)
        run = fit(network, task, data, Recipe(steps=3, checkpoint_every=0.0, optimiser=optimiser, plan="eager"), folder)
    run.record(status="stopped")
    return folder


def test_the_stopped_run_can_be_resumed(stopped: Path, tmp_path: Path) -> None:
    assert resume(shutil.copytree(stopped, tmp_path / "run")).status == "finished"


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(seed=st.integers(0, 2**32), signed=st.booleans())
def test_spoilt_checkpoints(stopped: Path, tmp_path: Path, seed: int, signed: bool) -> None:
    folder = tmp_path / "run"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(stopped, folder)
    chance = random.Random(seed)
    newest = max((folder / "checkpoints").iterdir())
    if signed:
        document = json.loads((newest / "state.json").read_text())
        inner = newest / "inner.json"
        moments = document["state"]["optimisers"]["network"].pop("state")
        inner.write_text(json.dumps(document["state"]))
        odd(inner, chance)
        state = json.loads(inner.read_text())
        inner.unlink()
        with suppress(LookupError, TypeError):
            state["optimisers"]["network"]["state"] = moments
        put_state(newest, state)
    else:
        how = chance.choice([truncated, flipped])
        how(newest / chance.choice(["state.json", "state.safetensors"]), chance)
    signal.alarm(SECONDS)
    with suppress(WeftnetError):
        resume(folder)
    signal.alarm(0)


def put_state(newest: Path, state: Any) -> None:
    """Write a checkpoint's state, signed as if weftnet had written it."""
    checksum = hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()
    (newest / "state.json").write_text(json.dumps({"sha256": checksum, "state": state}))


def test_an_optimiser_without_a_moment(stopped: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(stopped, tmp_path / "run")
    newest = max((folder / "checkpoints").iterdir())
    state = json.loads((newest / "state.json").read_text())["state"]
    items = state["optimisers"]["network"]["state"]["$items"]
    del items[0][1]["exp_avg"]
    put_state(newest, state)
    with pytest.raises(WeftnetError, match="lacks"):
        resume(folder)


def moments(state: Any) -> list[tuple[Any, Any]]:
    """Where an optimiser's moments are noted, as (holder, key), however many optimisers it is made of."""
    there = places(state["optimisers"])
    return [(holder, key) for holder, key in there if isinstance(holder[key], dict) and set(holder[key]) == {"$tensor"}]


@pytest.mark.parametrize("optimiser", some(OPTIMISERS.names(), "sgd", "adamw"))
def test_an_optimiser_with_a_spoilt_moment(optimiser: str, tmp_path: Path) -> None:
    whole = stopped_by(optimiser, tmp_path / "whole")
    newest = max((whole / "checkpoints").iterdir()).relative_to(whole)
    state = json.loads((whole / newest / "state.json").read_text())["state"]
    count = len(moments(state))
    assert count == len([name for name in tensors.load(whole / newest / "state.safetensors") if "optimiser." in name])
    for number, value in itertools.product(range(count), (None, [[]], {}, "much")):
        spoilt = copy.deepcopy(state)
        holder, key = moments(spoilt)[number]
        del holder[key]
        if value is not None:
            holder[key] = value
        folder = shutil.copytree(whole, tmp_path / "run", dirs_exist_ok=True)
        put_state(folder / newest, spoilt)
        with pytest.raises(WeftnetError, match=r"checkpoint 3: doesn.t fit"):
            resume(folder)


def test_weights_that_are_not_numbers(tmp_path: Path) -> None:
    folder = shutil.copytree(FIXTURES / "digits", tmp_path / "run")
    weights = tensors.load(folder / "weights.safetensors")
    tensors.save(folder / "weights.safetensors", {name: each * float("nan") for name, each in weights.items()})
    sign(folder)
    loaded = load(folder)
    with pytest.raises(RunError, match="not finite"):
        loaded.outputs(loaded.encode(raw_of("digits")))


@pytest.mark.parametrize("opens", [Run.open, load, open_data, open_export, read_architecture, compare])
def test_names_of_three_hundred_letters(opens: Callable[[Any], object]) -> None:
    with pytest.raises(WeftnetError, match="n" * 300):
        opens(["n" * 300] if opens is compare else "n" * 300)


def test_nothing_is_written_where_a_run_is_only_read(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(FIXTURES / "table", folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    load(folder).predict(raw_of("table"))
    Run.open(folder).verify()
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    with pytest.raises(RunError, match="there is no such folder"):
        load(tmp_path / "none")
