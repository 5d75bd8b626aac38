"""Published weights become a run: what it says, what it answers, what is started from it, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pictures
from published import checkpoint, photos
from typer.testing import CliRunner

from weftnet.cli import app
from weftnet.data import open_data
from weftnet.errors import DataError, RunError, SettingError, UnknownName
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, Start, fit
from weftnet.transfer.filling import fill
from weftnet.transfer.importing import import_weights
from weftnet.transfer.labels import labels_of
from weftnet.zoo._weights import joined, plus, reshaped, transposed


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("published")
    return import_weights(checkpoint(folder / "net.pth"), folder / "run")


def test_what_the_run_says(run: Run) -> None:
    assert run.status == "finished"
    assert run.facts.steps == 0
    origin = run.facts.origin
    assert origin is not None
    assert (origin.entry, origin.naming) == ("efficientnet_lite", "efficientnet_lite_pytorch")
    assert list(origin.files) == ["net.pth"]
    assert origin.lines == ("296 tensors taken",)
    assert Run.open(run.folder).facts == run.facts
    run.verify()


def test_images_are_prepared_as_published(run: Run) -> None:
    """(x − 127) / 128 of the middle 7/8, made 224 wide by bicubic interpolation, as Pillow does it alone."""
    loaded = load(run)
    pixels = np.random.default_rng(1).integers(0, 256, (300, 400, 3)).astype(np.uint8)
    column = np.empty(1, object)
    column[0] = pixels
    got = loaded.encode({"image": column}).inputs["image"][0].numpy()
    side = 300 * 224 / 256
    box = ((400 - side) / 2, (300 - side) / 2, (400 + side) / 2, (300 + side) / 2)
    want = Pictures.fromarray(pixels).resize((224, 224), Pictures.Resampling.BICUBIC, box=box)
    np.testing.assert_allclose(got, (np.moveaxis(np.asarray(want, np.float32), -1, 0) - 127) / 128, atol=1e-6)


@pytest.mark.slow
def test_missing_unexpected_and_other_shapes_are_listed(tmp_path: Path) -> None:
    odd = {"_bn0.weight": torch.ones(7), "extra.weight": torch.ones(2)}
    file = checkpoint(tmp_path / "net.pth", drop="_blocks.3._bn1", **odd)
    origin = import_weights(file, tmp_path / "run").facts.origin
    assert origin is not None
    lines = "\n".join(origin.lines)
    assert "missing, so new: body.6.4.norm.weight" in lines or "missing, so new: body.6.body.4.norm.weight" in lines
    assert "of another shape, so new: body.1.norm.weight 32, there 7" in lines
    assert "unexpected, so left behind: extra.weight" in lines


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("ant\nbee\ncow\n", ["ant", "bee", "cow"]), ('["ant", "bee", "bee"]', ["ant", "bee (1)", "bee (2)"]),
     ('{"0": ["n1", "ant"], "1": ["n2", "bee"], "2": ["n3", "cow"]}', ["ant", "bee", "cow"])],
)  # fmt: skip
def test_labels_of_a_file(tmp_path: Path, text: str, wanted: list[str]) -> None:
    (tmp_path / "labels").write_text(text)
    assert labels_of(3, {}, tmp_path / "labels") == wanted


def test_labels_of_a_configuration_and_of_nothing(tmp_path: Path) -> None:
    assert labels_of(2, {"id2label": {"0": "no", "1": "yes"}}) == ["no", "yes"]
    assert labels_of(2, {"id2label": {"0": "no"}}) == ["0", "1"]
    (tmp_path / "few").write_text("ant\nbee\n")
    with pytest.raises(SettingError, match="3 names: one in each line"):
        labels_of(3, {}, tmp_path / "few")


def test_transforms_of_names() -> None:
    network = torch.nn.ModuleDict({"a": torch.nn.Linear(2, 6), "b": torch.nn.Linear(4, 3), "c": torch.nn.Linear(3, 5)})
    network["c"].register_buffer("table", torch.zeros(4, 3))
    given = {name: torch.randn(2, 2) for name in ("q.weight", "k.weight", "v.weight")}
    given |= {name: torch.randn(2) for name in ("q.bias", "k.bias", "v.bias")}
    given |= {"t.weight": torch.randn(4, 3), "t.bias": torch.randn(3), "p.weight": torch.randn(5, 3, 1, 1)}
    given |= {"p.bias": torch.randn(5), "rows": torch.randn(4, 3), "types": torch.randn(2, 3)}
    names = {"a": joined("q", "k", "v"), "b": transposed("t"), "c": reshaped("p"), "c.table": plus("rows", "types.1")}
    taken = fill(network, names, given)
    assert (taken.missing, taken.unexpected, taken.reshaped) == ((), (), ())
    state = network.state_dict()
    assert torch.equal(state["a.weight"], torch.cat([given["q.weight"], given["k.weight"], given["v.weight"]]))
    assert torch.equal(state["a.bias"], torch.cat([given["q.bias"], given["k.bias"], given["v.bias"]]))
    assert torch.equal(state["b.weight"], given["t.weight"].T)
    assert torch.equal(state["b.bias"], given["t.bias"])
    assert torch.equal(state["c.weight"], given["p.weight"][:, :, 0, 0])
    assert torch.equal(state["c.table"], given["rows"] + given["types"][1])


def test_what_is_not_known(tmp_path: Path) -> None:
    torch.save({"alpha.weight": torch.ones(2)}, tmp_path / "other.pth")
    with pytest.raises(RunError, match=r"no checkpoint that is known[\s\S]*efficientnet_lite[\s\S]*alpha\.weight"):
        import_weights(tmp_path / "other.pth", tmp_path / "run")
    with pytest.raises(SettingError, match="mlp knows no published weights"):
        import_weights(tmp_path / "other.pth", tmp_path / "run", entry="mlp")
    with pytest.raises(UnknownName, match="efficientnet_lit"):
        import_weights(tmp_path / "other.pth", tmp_path / "run", entry="efficientnet_lit")
    half = checkpoint(tmp_path / "half.pth", drop="_blocks.15")
    with pytest.raises(RunError, match="no size has 15 blocks"):
        import_weights(half, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_the_commands_say_what_it_is(tmp_path: Path) -> None:
    command, file = CliRunner(), checkpoint(tmp_path / "net.pth")
    (tmp_path / "names").write_text("ant\nbee\ncow\n")
    out = str(tmp_path / "run")
    done = command.invoke(app, ["import", str(file), "--out", out, "--labels", str(tmp_path / "names")])
    assert done.exit_code == 0, done.output
    assert "as efficientnet_lite (efficientnet_lite_pytorch)" in done.output
    assert "weights 296 tensors taken" in done.output
    (photo, *_) = sorted(photos(tmp_path / "photos", 1).rglob("*.png"))
    answer = command.invoke(app, ["predict", out, str(photo)])
    assert answer.exit_code == 0, answer.output
    assert answer.output.splitlines()[0] == "file,label,confidence,p_ant,p_bee,p_cow"
    assert "no step was trained, so there is nothing to resume" in command.invoke(app, ["resume", out]).output
    assert command.invoke(app, ["report", out]).exit_code == 0
    page = (tmp_path / "run" / "report.html").read_text()
    assert "its weights were published by others" in page
    assert "no step was trained here" in page
    with pytest.raises(DataError, match="data that are not here"):
        command.invoke(app, ["evaluate", out], catch_exceptions=False)


def test_a_column_of_another_name_is_prepared_as_there(tmp_path: Path, run: Run) -> None:
    start = Start(str(run.folder))
    data = open_data(
        {"photo": np.zeros((8, 6, 6, 3), np.uint8), "y": ["a", "b"] * 4}, target="y", fitted=start.fitted()
    )
    state: Any = data.state()["preprocessing"]["columns"]
    assert state["photo"] == start.fitted()["image"]
    assert "photo: prepared like image, which was fitted before" in data.notes


def test_a_smaller_size_keeps_the_rest(tmp_path: Path, run: Run) -> None:
    fitted = Start(str(run.folder)).fitted()
    source = photos(tmp_path / "photos")
    data = open_data(source, fitted=fitted, kinds={"image": {"image": {"size": [40, 32]}}})
    state: Any = data.state()["preprocessing"]["columns"]["image"]
    assert state["sizes"] == [3, 40, 32]
    assert {key for key in state if state[key] != fitted["image"][key]} == {"size", "sizes"}
    other = open_data(source, fitted=fitted, kinds={"image": {"image": {"range": "unit"}}})
    assert other.state()["preprocessing"]["columns"]["image"]["shift"] != [127.0] * 3


@pytest.mark.slow
def test_a_body_answers_with_its_features(tmp_path: Path) -> None:
    run = import_weights(checkpoint(tmp_path / "net.pth", classes=None), tmp_path / "run")
    loaded, pixels = load(run), np.zeros((2, 30, 30, 3), np.uint8)
    (answer, _) = loaded.predict({"image": pixels})
    features = loaded.model["network"](loaded.encode({"image": pixels}).inputs["image"])[0]
    assert features.shape == (1280,)
    want = (features / features.norm()).detach().numpy()
    np.testing.assert_allclose(answer["vector"], want, rtol=1e-4, atol=1e-5)
    with pytest.raises(SettingError, match="no classes that could be named"):
        import_weights(tmp_path / "net.pth", tmp_path / "other", labels=tmp_path / "names")


@pytest.mark.slow
def test_a_training_starts_from_it(tmp_path: Path, run: Run) -> None:
    from weftnet.compete.starting import begun_from

    start = Start(str(run.folder), freeze=["body"])
    kinds = {"image": {"image": {"size": 32}}}
    data = open_data(photos(tmp_path / "photos"), fitted=start.fitted(), kinds=kinds)
    task = TASKS.get("classification").from_data(data)
    recipe = Recipe.for_task(task, steps=1, plan="eager", batch_size=4)
    started = fit(begun_from(start, None, data).architecture, task, data, recipe, tmp_path / "run", start=start)
    before, after = (load(each).model["network"].state_dict() for each in (run, started))
    body = [name for name in after if name.startswith("body.")]
    assert len(body) == 294
    assert all(torch.equal(before[name], after[name]) for name in body)
    assert after["3.linear.weight"].shape == (2, 1280)
    assert started.facts.start is not None
    assert "prepared as there: image, but for size, sizes" in started.facts.start.lines
    assert started.facts.start.ancestors[0].weights == run.facts.files["weights.safetensors"]
