"""Each task on opened data with built networks: the head completes what the blocks give, and a step can be taken."""

import numpy as np
import pytest
import torch

from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.compose import build, resolve
from weftnet.data import open_data
from weftnet.errors import ArchitectureError
from weftnet.tasks import ANSWERS, TASKS

POOLED = [Block("conv2d", {"channels": 4}), Block("relu")]
RNG = np.random.default_rng(0)
IMAGES = {"x": RNG.integers(0, 200, (60, 6, 8), dtype=np.uint8), "y": RNG.integers(0, 3, 60)}
TABLE = {"x": RNG.normal(size=(60, 5)).astype(np.float32), "y": RNG.normal(7, 3, 60)}
TAGGED = {"age": RNG.normal(size=60), "tags": [["a", "b"][: row % 3] for row in range(60)]}
HOURS = {"load": RNG.normal(40, 5, 120), "wind": RNG.normal(3, 1, 120)}
#: how the data are opened, where a source alone doesn't say it
OPTIONS = {"multilabel": {"target": "tags"}, "forecasting": {"context": 9, "horizon": 4, "target": "wind"}}
TEXT = "the cat sat on the mat. " * 40

LEARNER = [
    Block("embedding", {"dim": 8}),
    Block("transformer_encoder_layer", {"heads": 2, "causal": True, "rotary": True}),
]
CASES = {
    "classification": (IMAGES, {"network": POOLED}, {"class_weights": "balanced"}),
    "regression": (TABLE, {"network": [Block("dense", {"dim": 6}), Block("gelu")]}, {}),
    "multilabel": (TAGGED, {"network": [Block("dense", {"dim": 6}), Block("gelu")]}, {"pos_weight": "balanced"}),
    "forecasting": (HOURS, {"network": [Block("lstm", {"dim": 6})]}, {"period": 3, "loss": "huber"}),
    "variational_autoencoder": (
        {"x": IMAGES["x"]},
        {"encoder": POOLED, "decoder": [Block("dense", {"dim": 9}), Block("relu")]},
        {"latent": 3},
    ),
    "gan": (
        {"x": IMAGES["x"]},
        {
            "generator": [
                Block("dense", {"dim": 60}),
                Block("reshape", {"shape": [5, 3, 4]}),
                Block("transposed_conv2d", {"channels": 4}),
                Block("leaky_relu"),
            ],
            "critic": [*POOLED, Block("conv2d", {"channels": 4, "stride": 2})],
        },
        {"latent": 3, "critic_steps": 2},
    ),
    "language_model": (TEXT, {"network": LEARNER}, {}),
}


@pytest.fixture
def assembled(tmp_path):
    """A function from a task's name to the task, its data, its complete architecture and the parts' inputs."""
    return lambda name: _assembled(name, tmp_path / "cat.txt")


def _assembled(name, path):
    source, parts, settings = CASES[name]
    if isinstance(source, str):
        path.write_text(source)
        source = path
    data = open_data(source, **OPTIONS.get(name, {}))
    task = TASKS.get(name).from_data(data, **settings)
    inputs = task.inputs(data.signals)
    nodes = {}
    for part in task.parts:
        body = parts[part]
        gives = resolve(Chain(tuple(body)), inputs[part], part).output
        nodes[part] = Chain((*body, *task.head(part, gives, body[-1].name)))
    return task, data, Architecture(nodes), inputs


@pytest.mark.parametrize("name", CASES)
def test_from_data_to_a_step_and_answers(name, assembled):
    task, data, architecture, inputs = assembled(name)
    model = build(architecture, inputs)
    task.check(model)
    batches = list(data.batches("validation", 4))
    before = task.evaluate(model, batches)
    assert all(np.isfinite(value) for value in before.values())
    batch = data.train_batch(0, 8, 0)
    for group, loss in task.losses(model, batch, torch.Generator().manual_seed(0)):
        parameters = [p for part in task.groups[group] for p in model[part].parameters()]
        assert torch.isfinite(loss)
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        assert any(g is not None and g.abs().max() > 0 for g in gradients)
    assert task.evaluate(model, batches) == before
    if ANSWERS.find(name) is not None:
        with torch.inference_mode():
            assert len(task.answers(task.infer(model.eval(), batch))) == 8


@pytest.mark.parametrize("name", CASES)
def test_a_complete_architecture_gets_no_second_head(name, assembled):
    task, _, architecture, inputs = assembled(name)
    for part, node in architecture.parts.items():
        gives = resolve(node, inputs[part], part).output
        assert task.head(part, gives, node.nodes[-1].name) == ()


def test_images_come_back_as_they_were(assembled):
    """What the task draws for a perfectly redrawn image is the image, scaled to 0 … 255."""
    task, data, _, _ = assembled("gan")
    batch = data.train_batch(0, 8, 0)
    raw = IMAGES["x"][batch.rows]
    low, high = (getattr(IMAGES["x"][data.rows("train")], end)() for end in ("min", "max"))
    drawn = task.drawn(batch.inputs["image"])[:, 0].numpy()
    assert np.abs(drawn.astype(int) - (raw.astype(float) - low) / (high - low) * 255).max() <= 0.51


@pytest.mark.parametrize(
    ("block", "causal"),
    [
        (Block("lstm", {"dim": 8}), True),
        (Block("gru", {"dim": 8, "bidirectional": True}), False),
        (Block("conv1d", {"dim": 8, "padding": "causal"}), True),
        (Block("conv1d", {"dim": 8}), False),
        (Block("multi_head_attention", {"heads": 2, "causal": True}), True),
        (Block("multi_head_attention", {"heads": 2}), False),
        (Block("transformer_encoder_layer", {"heads": 2}), False),
    ],
)
def test_which_blocks_may_model_language(block, causal, assembled):
    task, data, _, inputs = assembled("language_model")
    nodes = (
        Block("embedding", {"dim": 8}),
        Block("learned_positions"),
        block,
        Block("dense", {"dim": task.vocabulary}),
    )
    model = build(Architecture({"network": Chain(nodes)}), inputs)
    if causal:
        task.check(model)
        with torch.no_grad():
            written = task.infer(model.eval(), data.encode("the "), {"length": 70})["written"]
        assert written.shape == (1, 70)
    else:
        with pytest.raises(ArchitectureError, match="sees the future"):
            task.check(model)


def test_batch_norm_in_a_critic_is_refused(assembled):
    task, _, architecture, inputs = assembled("gan")
    critic = Chain(
        (Block("conv2d", {"channels": 4}), Block("batch_norm2d"), Block("flatten"), Block("dense", {"dim": 1}))
    )
    with pytest.raises(ArchitectureError, match="layer_norm or group_norm"):
        task.check(build(architecture.with_part("critic", critic), inputs))
