"""Runs of several passes are exported pass by pass; those that don't answer rows say why."""

from pathlib import Path

import pytest
from oracles import unchecked

from weftnet import export
from weftnet.answer.runner import open_export
from weftnet.architecture.spec import Architecture, to_yaml
from weftnet.compose import build
from weftnet.data import open_data
from weftnet.errors import RunError
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded, load
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble
from weftnet.train import Recipe
from weftnet.zoo import ZOO


def make(folder: Path, architecture: Architecture, task_name: str, source: str) -> Loaded:
    data = open_data(source)
    task = TASKS.get(task_name).from_data(data)
    assembled = assemble(architecture, task, data.signals)
    run = Run.create(
        folder,
        architecture=to_yaml(assembled.architecture),
        recipe=Recipe(steps=1).to_dict(),
        task={"name": task_name, "settings": task.settings()},
        data={"source": source, "fingerprint": data.fingerprint},
        signals={name: signal.text() for name, signal in data.signals.items()},
        state=data.state(),
    )
    run.save_weights(build(assembled.architecture, assembled.inputs), {})
    run.record(status="finished")
    return load(folder)


@pytest.mark.slow
def test_an_autoencoder_is_one_graph_a_pass(tmp_path: Path) -> None:
    loaded = make(tmp_path / "run", ZOO.get("vae_dense")(widths=[12]), "variational_autoencoder", "digits")
    with unchecked():
        written = export.write(loaded, tmp_path / "out")
    assert {path.name for path in written.files.values()} == {"encoder.onnx", "decoder.onnx"}
    assert all(each.close for part in written.compared.values() for each in part)
    assert written.because == ""
    facts = open_export(tmp_path / "out")
    assert set(facts.graphs.whole) == {"encoder", "decoder"}


def test_a_gan_is_asked_nothing(tmp_path: Path) -> None:
    pair = ZOO.get("gan_dense")()
    loaded = make(tmp_path / "run", pair, "gan", "digits")
    with unchecked():
        written = export.write(loaded, tmp_path / "out")
    assert {path.name for path in written.files.values()} == {"generator.onnx", "critic.onnx"}
    assert "a GAN is asked nothing" in written.because
    assert not (tmp_path / "out" / "runner").exists()
    with pytest.raises(RunError, match="it draws examples from noise"):
        open_export(tmp_path / "out")
