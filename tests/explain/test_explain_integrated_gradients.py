"""Integrated gradients against the formula: exactly for a linear network, as a float64 sum for others."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from explain_nets import batch, doubled, loaded, score, texts

from weftnet.data import open_data
from weftnet.errors import SettingError
from weftnet.explain import attribute


def test_of_a_linear_network_it_is_the_weight_times_the_difference(tmp_path: Path) -> None:
    net = loaded(tmp_path, {"dense": {"dim": 1}}, {"x": "vector:5"}, labels=None)
    examples = torch.randn(3, 5, dtype=torch.float64)
    explanations = attribute(net, batch({"x": examples}), steps=1)
    weight = next(p for p in net.model.parameters() if p.ndim == 2)
    assert np.allclose(
        [each.inputs["x"] for each in explanations], (2.5 * weight * examples).detach(), atol=1e-12, rtol=0
    )
    assert [each.score for each in explanations] == pytest.approx(
        [answer["value"] for answer in net.task.answers(net.outputs(batch({"x": examples})))]
    )
    assert max(each.checks["completeness"] for each in explanations) < 1e-12


STEPS = 2000
NETWORKS: dict[str, tuple[Any, str]] = {
    "dense": ([{"dense": {"dim": 7}}, "tanh", {"dense": {"dim": 3}}], "vector:5"),
    "convolution": (
        [{"conv2d": {"channels": 4}}, "tanh", "global_average_pool2d", {"dense": {"dim": 3}}],
        "image:2x5x6",
    ),
    "lstm": ([{"lstm": {"dim": 4}}, "last_step", {"dense": {"dim": 3}}], "series:6x2"),
    "gru": ([{"gru": {"dim": 4}}, "last_step", {"dense": {"dim": 3}}], "wave:8"),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_the_integral(name: str, tmp_path: Path) -> None:
    node, signal = NETWORKS[name]
    net = loaded(tmp_path, node, {"x": signal})
    x = torch.randn(2, *net.signals["x"].sizes, dtype=torch.float64)
    explanations = attribute(net, batch({"x": x}), target="label 1")
    rows = []
    for row in x:  # the midpoint rule
        at = torch.stack([row * ((step + 0.5) / STEPS) for step in range(STEPS)]).requires_grad_()
        (gradients,) = torch.autograd.grad(score(net, {"x": at}, {}, [1] * STEPS).sum(), at)
        rows.append(row * gradients.mean(0))
    wanted = torch.stack(rows)
    wanted = wanted.sum(1) if signal.startswith("image") else wanted
    assert np.allclose(np.stack([each.inputs["x"] for each in explanations]), wanted, atol=1e-5, rtol=0)
    for each, row in zip(explanations, x, strict=True):
        ends = torch.stack([row, torch.zeros_like(row)])
        far, near = score(net, {"x": ends}, {}, [1, 1]).tolist()
        assert each.score == pytest.approx(far)
        assert each.inputs["x"].sum() == pytest.approx(far - near, abs=1e-6)
        assert each.checks["completeness"] < 1e-6


@pytest.mark.parametrize("reader", ["lstm", "gru"])
def test_tokens_go_from_vectors_of_zeros(reader: str, tmp_path: Path) -> None:
    node = [{"embedding": {"dim": 5}}, {reader: {"dim": 4}}, "last_step", {"dense": {"dim": 3}}]
    net = loaded(tmp_path, node, {"tokens": "tokens:9,vocabulary=30,padded"})
    examples = texts()
    explanations = attribute(net, examples, target="label 2")
    network, (tokens, mask) = net.model["network"], (examples.inputs["tokens"], examples.masks["tokens"])
    embedding, recurrent, last, dense = network.children()
    vectors = embedding(tokens).detach()
    rows = []
    for row, real in zip(vectors, mask, strict=True):
        at = torch.stack([row * ((step + 0.5) / STEPS) for step in range(STEPS)]).requires_grad_()
        masks = real.expand(STEPS, -1)
        outputs = dense(last(recurrent(at, mask=masks), mask=masks))
        rows.append(row * torch.autograd.grad(outputs[:, 2].sum(), at)[0].mean(0))
    wanted = torch.stack(rows).sum(2) * mask
    got = np.stack([each.inputs["tokens"] for each in explanations])
    assert np.allclose(got, wanted.detach(), atol=1e-5, rtol=0)
    assert (got[~mask.numpy()] == 0).all()
    assert (got[mask.numpy()] != 0).all()
    assert max(each.checks["completeness"] for each in explanations) < 1e-8
    assert explanations[0].compared_with["tokens"] == "the vector of zeros"


def test_text_side_by_side_with_numbers(tmp_path: Path) -> None:
    node = {
        "graph": {
            "inputs": ["tokens", "x"],
            "nodes": {
                "words": {"from": "tokens", "chain": [{"embedding": {"dim": 4}}, {"conv1d": {"dim": 6}}, "tanh"]},
                "mean": {"from": "words", "chain": ["global_average_pool1d"]},
                "both": {"from": ["mean", "x"], "merge": "concat"},
                "answer": {"from": "both", "chain": [{"dense": {"dim": 8}}, "tanh", {"dense": {"dim": 3}}]},
            },
            "outputs": ["answer"],
        }
    }
    net = loaded(tmp_path, node, {"tokens": "tokens:9,vocabulary=30,padded", "x": "vector:5"})
    examples = texts()
    inputs = {**examples.inputs, "x": torch.randn(4, 5, dtype=torch.float64)}
    explanations = attribute(net, batch(inputs, examples.masks))
    assert {name: values.shape for name, values in explanations[0].inputs.items()} == {"tokens": (9,), "x": (5,)}
    assert max(each.checks["completeness"] for each in explanations) < 1e-8
    assert all((np.abs(each.inputs["x"]) > 0).all() for each in explanations)
    assert (np.stack([each.inputs["tokens"] for each in explanations])[~examples.masks["tokens"].numpy()] == 0).all()


def test_a_table_speaks_of_its_columns(tmp_path: Path) -> None:
    rows = 60
    age: list[float | None] = [float(v) for v in np.random.default_rng(0).normal(40, 9, rows)]
    age[3::7] = [None] * len(age[3::7])
    columns = {"age": age, "city": ["Rome", "Oslo", "Bern"] * 20, "size": np.linspace(0, 9, rows).tolist()}
    data = open_data(
        {**columns, "y": np.arange(rows) * 1.5},
        target="y",
        kinds={"size": {"number": {"bins": 4}}},
    )
    net = loaded(tmp_path, {"dense": {"dim": 1}}, {}, labels=None, data=data)
    examples = doubled(net.encode({name: values[:4] for name, values in columns.items()}))
    explanations = attribute(net, examples)
    weight = 2.5 * next(p for p in net.model.parameters() if p.ndim == 2)[0].detach()
    x = examples.inputs["table"]
    widths = [kind.signal.numel for kind in net.preprocessing.columns.values()]
    assert widths == [2, 4, 4]  # a number and whether it is missing; three labels and another; bins
    middle = torch.zeros(10, dtype=torch.float64)
    train = [columns["size"][row] for row in data.rows("train").tolist()]
    middle[6:] = torch.from_numpy(net.preprocessing.columns["size"].features(np.array([np.mean(train)]))[0])
    pieces = torch.split(weight * (x - middle), widths, 1)
    wanted = torch.stack([piece.sum(1) for piece in pieces], 1)
    assert np.allclose(np.stack([each.inputs["table"] for each in explanations]), wanted, atol=1e-6)
    shown = explanations[1].displayed["table"]
    assert shown.names == ("age", "city", "size")
    assert shown.values == [f"{age[1]:.4g}", "Oslo", f"{columns['size'][1]:.4g}"]
    assert explanations[3].displayed["table"].values[0] == "missing"
    assert {piece.name for piece in explanations[0].strongest(2)} < {"age", "city", "size"}


def test_many_steps_take_no_more_memory(tmp_path: Path) -> None:
    node = [{"dense": {"dim": 4}}, "tanh", {"dense": {"dim": 3}}]
    net = loaded(tmp_path, node, {"x": "vector:5"})
    largest = [0]
    net.model["network"].register_forward_hook(
        lambda _m, arguments, _o: largest.append(max(largest.pop(), len(arguments[0]["x"])))
    )
    attribute(net, batch({"x": torch.randn(23, 5, dtype=torch.float64)}), steps=100, budget=10)
    assert largest == [10]


def test_steps_are_wanted(tmp_path: Path) -> None:
    net = loaded(tmp_path, {"dense": {"dim": 3}}, {"x": "vector:5"})
    with pytest.raises(SettingError, match="needs steps"):
        attribute(net, batch({"x": torch.zeros(1, 5, dtype=torch.float64)}), steps=0)


def test_completeness_is_what_few_steps_miss(tmp_path: Path) -> None:
    """One step misses much: |Σ attributions − (f(x) − f(0))|, and its share of the difference, are no small numbers."""
    net = loaded(tmp_path, [{"dense": {"dim": 7}}, "tanh", {"dense": {"dim": 3}}], {"x": "vector:5"})
    x = 3 * torch.randn(4, 5, dtype=torch.float64)
    explanations = attribute(net, batch({"x": x}), target="label 1", steps=1)
    far, near = (score(net, {"x": rows}, {}, [1] * 4).detach().numpy() for rows in (x, torch.zeros_like(x)))
    missing = np.abs(np.array([each.inputs["x"].sum() for each in explanations]) - (far - near))
    assert missing.min() > 0.01
    assert [each.checks["completeness"] for each in explanations] == pytest.approx(missing)
    assert [each.checks["missing_share"] for each in explanations] == pytest.approx(missing / np.abs(far - near))
