"""A language model is exported with its next steps: the runner writes what the run writes, each token read once."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from oracles import unchecked

from weftnet import export
from weftnet.answer import samples
from weftnet.answer.manifest import read_manifest
from weftnet.answer.runner import Runner, open_export
from weftnet.architecture.reading import read_text
from weftnet.architecture.spec import Architecture
from weftnet.blocks import BLOCKS
from weftnet.data import open_data
from weftnet.run.loading import Loaded, load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit

RECURRENT = "- embedding: {dim: 6}\n- lstm: {dim: 7, layers: 2}\n- gru: {dim: 5}\n- rnn: {dim: 6}\n"
ATTENTION = (
    "- embedding: {dim: 8}\n- learned_positions\n- sinusoidal_positions\n"
    "- transformer_encoder_layer: {heads: 2, causal: true}\n"
    "- residual: {body: [{multi_head_attention: {heads: 2, causal: true, rotary: true}}]}\n"
    "- conv1d: {dim: 6, kernel: 3, padding: causal}\n"
)
OTHERS = (
    "- embedding: {dim: 8}\n"
    "- residual: [rms_norm, {grouped_attention: {heads: 4, key_heads: 2, causal: true, window: 5, rotary: true}}]\n"
    "- residual: [rms_norm, {alibi_attention: {heads: 2, causal: true}}, swiglu]\n"
    "- residual: [{bucketed_attention: {heads: 2, causal: true}}, {linear_attention: {heads: 2, causal: true}}]\n"
    "- residual: [rms_norm, {min_gru: {dim: 8}}, {selective_state_space: {states: 3}}]\n"
    "- residual: [rms_norm, {mixture_of_experts: {experts: 3, k: 2, dim_hidden: 8}}]\n"
    "- tcn_layer: {dim: 6, dilation: 2}\n- wavenet_stack: {depth: 3}\n"
)
PROMPTS = ["the cat", "a", "on the mat. the c"]
DRAWN = {
    "length": 20, "temperature": 0.9, "top_k": 5, "seed": 4, "top_p": 0.95, "repetition_penalty": 1.2, "stop": ["t o"],
}  # fmt: skip


def trained(folder: Path, yaml: str, source: object, **options: object) -> Loaded:
    architecture, faults = read_text(yaml)
    assert isinstance(architecture, Architecture), faults
    data = open_data(source, **options)  # type: ignore[arg-type]  # of two forms
    task = TASKS.get("language_model").from_data(data)
    return load(fit(architecture, task, data, Recipe(steps=12, lr=0.01, threads=1), folder, device="cpu"))


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "cat.txt"
    path.write_text("the cat sat on the mat. " * 60, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def recurrent(text: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Loaded, Path]:
    """A run, and where it is exported."""
    return made(RECURRENT, text, tmp_path_factory.mktemp("recurrent"))


@pytest.fixture(scope="module")
def attention(text: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Loaded, Path]:
    """The same with attention."""
    return made(ATTENTION, text, tmp_path_factory.mktemp("attention"))


@pytest.fixture(scope="module")
def others(text: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Loaded, Path]:
    """The same with the other blocks that work step by step."""
    return made(OTHERS, text, tmp_path_factory.mktemp("others"))


def made(yaml: str, text: Path, folder: Path) -> tuple[Loaded, Path]:
    loaded = trained(folder / "run", yaml, text, context=16)
    exported(loaded, folder / "out")
    return loaded, folder / "out"


def exported(loaded: Loaded, folder: Path) -> Runner:
    with unchecked():
        written = export.write(loaded, folder)
    assert not written.because
    assert not written.whole
    assert all(each.close for each in written.compared["network"])
    return open_export(folder, threads=1)


@pytest.mark.parametrize(
    "network", ["recurrent", *(pytest.param(name, marks=pytest.mark.slow) for name in ("attention", "others"))]
)
def test_a_running_text_is_continued_alike(network: str, request: pytest.FixtureRequest) -> None:
    """Within the context, across its end and beyond; greedy and drawn; together and alone."""
    loaded, folder = request.getfixturevalue(network)
    runner = open_export(folder, threads=1)
    for options in ({}, {"length": 20, "temperature": 0}, DRAWN):
        answers = runner.predict({"tokens": PROMPTS}, options)
        for answer, expected in zip(answers, loaded.predict({"tokens": PROMPTS}, options), strict=True):
            assert answer.get("text") == expected.get("text")
            assert answer["token"] == expected["token"]
            assert answer["probabilities"] == pytest.approx(expected["probabilities"], abs=1e-5)
        alone = [runner.predict({"tokens": [prompt]}, options)[0] for prompt in PROMPTS]
        assert [each.get("text") for each in alone] == [each.get("text") for each in answers]
    sampled = samples.text(loaded, PROMPTS[0], **DRAWN)
    assert sampled == PROMPTS[0] + runner.predict({"tokens": PROMPTS[:1]}, DRAWN)[0]["text"]


@pytest.mark.slow
def test_a_column_of_texts_is_continued_alike(tmp_path: Path) -> None:
    """Padded inputs, and tokens that are words."""
    rows = [f"the {animal} sat on the {thing}" for animal in ("cat", "dog", "owl") for thing in ("mat", "hill")] * 10
    loaded = trained(
        tmp_path / "run", "- embedding: {dim: 6}\n- gru: {dim: 8}\n", {"text": rows}, kinds={"text": "text"}
    )
    runner = exported(loaded, tmp_path / "out")
    raw = {"text": ["the cat sat", "the", "dog on the"]}
    assert runner.predict(raw, DRAWN) == [
        {**answer, "probabilities": pytest.approx(answer["probabilities"], abs=1e-5)}
        for answer in loaded.predict(raw, DRAWN)
    ]


def test_each_token_is_read_once(recurrent: tuple[Loaded, Path]) -> None:
    runner = open_export(recurrent[1])
    read, step = [], runner.graphs.stepped["network"].graph
    object.__setattr__(
        runner.graphs.stepped["network"], "graph", lambda values: read.append(values["tokens"].shape) or step(values)
    )
    runner.predict({"tokens": ["the cat", "a cat s"]}, {"length": 9})
    assert read == [(2, 7), *[(2, 1)] * 8]


@pytest.mark.slow
def test_without_torch_on_the_command_line(attention: tuple[Loaded, Path], tmp_path: Path) -> None:
    """Prompts, one a line, in a process of its own; the file of steps is checked like any other."""
    loaded, folder = attention
    facts = read_manifest(folder)
    assert facts.parts["network"].step is not None
    assert {"model.onnx", "step.onnx"} <= set(facts.files)
    (tmp_path / "prompts.txt").write_text("\n".join(PROMPTS), encoding="utf-8")
    command = [sys.executable, str(folder / "runner"), str(tmp_path / "prompts.txt"), "--ask", "length=6"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    got = [json.loads(line)["text"] for line in done.stdout.splitlines()]
    assert got == [each["text"] for each in loaded.predict({"tokens": PROMPTS}, {"length": 6})]


@pytest.mark.slow
def test_a_network_without_steps_is_exported_all_the_same(text: Path, tmp_path: Path) -> None:
    """Its whole pass is run for each token, and the reason is said."""
    loaded = trained(tmp_path / "run", "- embedding: {dim: 4}\n- average_pool1d: {size: 1}\n", text, context=8)
    with unchecked():
        written = export.write(loaded, tmp_path / "out")
    assert "average_pool1d can't work step by step" in written.whole["network"]
    runner = open_export(tmp_path / "out")
    options = {"length": 12, "temperature": 0}
    assert runner.predict({"tokens": PROMPTS}, options) == [
        {**answer, "probabilities": pytest.approx(answer["probabilities"], abs=1e-5)}
        for answer in loaded.predict({"tokens": PROMPTS}, options)
    ]


@pytest.mark.slow
def test_steps_that_differ_are_an_error(text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block whose steps forget."""
    loaded = trained(tmp_path / "run", "- embedding: {dim: 4}\n- gru: {dim: 5}\n", text, context=8)
    monkeypatch.setattr(BLOCKS.get("gru"), "step", lambda block, x, state: (block.run(x, state=state)[0], state * 1.0))
    with unchecked(), pytest.raises(export.ExportError, match="steps compute different numbers"):
        export.write(loaded, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_states_begin_as_zeros_of_the_shape_that_is_said(attention: tuple[Loaded, Path]) -> None:
    runner = open_export(attention[1])
    states = runner.graphs.stepped["network"].facts.states
    assert {state.shape for state in states.values()} == {(), (2, 2, 0, 4), (2, 8)}
    outputs = runner.graphs.steps("network", 3, 16)
    assert outputs is not None
    (logits,) = outputs({"tokens": np.zeros((3, 2), np.int64)}).values()
    assert logits.shape[:2] == (3, 2)
    assert np.isfinite(logits).all()
    assert torch.from_numpy(logits).dtype == torch.float32
