"""A task of a kind that nobody foresaw, as a folder: it goes the whole path, and no file of weftnet names it."""

import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from serve_fakes import serving
from typer.testing import CliRunner

from weftnet.architecture.reading import from_dict
from weftnet.base import tensors
from weftnet.cli import app
from weftnet.contract import contract
from weftnet.data import AUGMENTATIONS, KINDS, Batch, open_data
from weftnet.errors import UnknownName
from weftnet.losses import LOSSES
from weftnet.metrics import METRICS
from weftnet.plugins import load_plugin, unload
from weftnet.run.folder import Run
from weftnet.tasks import EXAMPLES, TASKS, Example
from weftnet.train import Recipe, fit
from weftnet.train.listeners._listener import Listener

FOLDER = Path(__file__).parent / "ranking"


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> Iterator[None]:
    load_plugin(FOLDER)
    yield
    unload("ranking")


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    return EXAMPLES.get("ranking")(tmp_path_factory.mktemp("flats"))


@pytest.fixture(scope="module")
def run(example: Example) -> Path:
    """Trained by the command line."""
    net = example.source.with_name("net.yaml")
    net.write_text(json.dumps(example.architecture))
    recipe = [f"--set={name}={json.dumps(value)}" for name, value in example.recipe.items() if name != "steps"]
    out = example.source.with_name("run")
    steps = str(example.recipe["steps"])
    said = weftnet("fit", example.source, "-t", "grades", "-a", net, "--steps", steps, "--jobs", 1, *recipe, "-o", out)
    assert "ndcg" in said
    return out


def weftnet(*command: object, code: int | None = 0) -> str:
    """Run a command with the plugin."""
    done = CliRunner().invoke(app, [*map(str, command), "--plugin", str(FOLDER)], env={"COLUMNS": "160"})
    assert code is None or done.exit_code == code, done.output
    return done.output


def answers(path: Path) -> list[dict[str, Any]]:
    return [{key: row[key] for key in ("order", "scores")} for row in map(json.loads, path.read_text().splitlines())]


def questions(example: Example) -> Path:
    path = example.source.with_name("questions.jsonl")
    rows = [json.loads(line) for line in example.source.read_text().splitlines()[:5]]
    path.write_text("".join(json.dumps({"items": row["items"]}) + "\n" for row in rows))
    return path


def test_metric_and_loss_are_their_formulas() -> None:
    scores, grades = torch.randn(4, 7), torch.randint(-1, 4, (4, 7))
    grades[3] = 0  # a query without a relevant item
    metric, values, losses = METRICS.get("ndcg")(k=3), [], []
    for row, truth in zip(scores.tolist(), grades.tolist(), strict=True):
        judged = [(score, grade) for score, grade in zip(row, truth, strict=True) if grade >= 0]
        ranked = [grade for _, grade in sorted(judged, key=lambda pair: -pair[0])]
        dcg, best = (
            sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(order[:3]))
            for order in (ranked, sorted(ranked, reverse=True))
        )
        values += [dcg / best] if best else []
        weights, powers = ([math.exp(pair[which]) for pair in judged] for which in (1, 0))
        shares = zip(weights, powers, strict=True)
        losses.append(-sum(w / sum(weights) * math.log(p / sum(powers)) for w, p in shares))
    for part in (slice(0, 1), slice(1, 4)):
        metric.update(scores[part], grades[part])
    assert float(metric.compute()) == pytest.approx(sum(values) / 3)
    loss = LOSSES.get("list_net")(scores, grades, grades >= 0)
    assert float(loss) == pytest.approx(sum(losses) / 4, rel=1e-5)


def test_items_and_grades_are_shuffled_alike() -> None:
    items = torch.arange(30.0).reshape(2, 5, 3)
    grades = items[:, :, 0].long()
    batch = Batch({"items": items}, {}, {"grades": grades}, torch.arange(2), target_masks={"grades": grades % 2 == 0})
    changed = AUGMENTATIONS.get("shuffle_items")().on_batch(batch, torch.Generator().manual_seed(1))
    assert not torch.equal(changed.target, grades)
    assert torch.equal(changed.inputs["items"][:, :, 0].long(), changed.target)
    assert torch.equal(changed.target_masks["grades"], changed.target % 2 == 0)
    assert torch.equal(changed.target.sort(1).values, grades)


def test_the_kind_is_recognised_and_the_task_chosen(example: Example) -> None:
    data = open_data(example.source, target="grades")
    assert isinstance(data.target, KINDS.get("graded"))
    sure = {name: TASKS.get(name).suits(data) for name in TASKS}
    assert max(sure, key=sure.__getitem__) == "ranking"
    assert sorted(sure.values())[-2] < 1
    batch = data.train_batch(0, 8, 0)
    assert torch.equal(batch.target_masks["grades"], batch.target >= 0)


@pytest.mark.parametrize(
    ("registry", "name"),
    [("kind", "graded"), ("loss", "list_net"), ("metric", "ndcg"), ("augmentation", "shuffle_items")],
)
def test_it_keeps_the_contracts(registry: str, name: str) -> None:
    outcomes = [check.outcome() for check in contract(registry, name)]
    assert not [outcome for outcome in outcomes if outcome.verdict == "broken"]
    assert "kept" in {outcome.verdict for outcome in outcomes}


class Kill(Listener):
    """Ends the process at the second evaluation, before its checkpoint."""

    def after_evaluation(self, line: Any) -> None:
        if line["step"] == 40:
            os.kill(os.getpid(), signal.SIGKILL)


def test_killed_and_resumed_it_is_the_same_bit_for_bit(example: Example, run: Path, tmp_path: Path) -> None:
    pid = os.fork()
    if not pid:
        data = open_data(example.source, target="grades")
        task = TASKS.get("ranking").from_data(data)
        recipe = Recipe.for_task(task, **example.recipe, checkpoint_every=0)
        fit(from_dict(example.architecture), task, data, recipe, tmp_path / "run", listeners=[Kill()])
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    weftnet("resume", tmp_path / "run")
    want, got = (tensors.load(path / "weights.safetensors") for path in (run / "net-seed0", tmp_path / "run"))
    assert want.keys() == got.keys()
    assert all(torch.equal(tensor, got[name]) for name, tensor in want.items())


def test_it_goes_the_whole_path(example: Example, run: Path, tmp_path: Path) -> None:
    said = weftnet("check", example.source.with_name("net.yaml"), "-d", example.source, "-t", "grades", "--no-time")
    assert "series 6×1" in said  # the head
    scores = json.loads(weftnet("evaluate", run, "--json"))["metrics"]
    low, high = example.learnt["ndcg"]
    assert low <= scores["ndcg"] <= high
    weftnet("predict", run, questions(example), "-o", tmp_path / "answers.jsonl")
    for answer in answers(tmp_path / "answers.jsonl"):
        assert answer["order"] == sorted(range(6), key=lambda item: -answer["scores"][item])
    weftnet("report", run, "-o", tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert "the items as they were given" in page
    assert "queries by how well they are ranked" in page
    weftnet("explain", run, questions(example), "--target", "2", "-o", tmp_path / "why.html")
    assert "item 2" in (tmp_path / "why.html").read_text()
    weftnet("export", run, "--to", "numpy_weights", "-o", tmp_path / "numpy")
    layers = json.loads((tmp_path / "numpy" / "model.json").read_text())["layers"]
    assert [layer["layer"] for layer in layers] == ["dense", "relu", "dense"]


def test_the_run_names_what_the_plugin_brought_and_never_where_it_lay(run: Path) -> None:
    best = Run.open(run / "net-seed0")
    assert best.facts.plugins["ranking 0.1"]["task"] == ["ranking"]
    assert "tests/plugins" not in (best.folder / "run.json").read_text()
    unload("ranking")
    try:
        fix = r"it came with the plugin ranking 0\.1: add --plugin PATH"
        with pytest.raises(UnknownName, match=rf"no task is called 'ranking'\n  fix: {fix}"):
            _open(best.folder)
    finally:
        load_plugin(FOLDER)


def _open(folder: Path) -> None:
    from weftnet.run.loading import load

    load(Run.open(folder))


@pytest.mark.slow
def test_compressed_exported_and_served_it_answers_the_same(example: Example, run: Path, tmp_path: Path) -> None:
    asked = questions(example)
    weftnet("predict", run, asked, "-o", tmp_path / "answers.jsonl")
    expected = answers(tmp_path / "answers.jsonl")
    said = weftnet("compress", run, "--max-drop", "50", "--budget", "3s", "-o", tmp_path / "small", code=None)
    assert "int8_dynamic" in said
    assert "nothing is smaller and faster" in said or (tmp_path / "small").is_dir()  # 49 weights are few already
    weftnet("export", run, "--to", "onnx", "-o", tmp_path / "onnx")
    command = [sys.executable, str(tmp_path / "onnx" / "runner"), str(asked)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    alone = [json.loads(line) for line in done.stdout.splitlines()]
    with serving(f"flats={run}", "--plugin", str(FOLDER), home=tmp_path) as server:
        rows = [json.loads(line) for line in asked.read_text().splitlines()]
        served = server.predict("flats", rows)
    for each in (alone, served):
        assert [answer["order"] for answer in each] == [answer["order"] for answer in expected]
        got, want = ([answer["scores"] for answer in some] for some in (each, expected))
        torch.testing.assert_close(torch.tensor(got), torch.tensor(want), rtol=1e-5, atol=1e-5)
