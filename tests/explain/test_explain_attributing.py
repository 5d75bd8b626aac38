"""`attribute`: what can be asked of it, and its errors."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from explain_nets import batch, loaded, texts

from weftnet.data import open_data
from weftnet.errors import MissingExtra, SettingError, UnknownName
from weftnet.explain import METHODS, attribute
from weftnet.explain.targets import choose
from weftnet.tasks import EXPLANATIONS, TASKS

X = {"x": torch.randn(4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))}
DENSE = [{"dense": {"dim": 7}}, "tanh", {"dense": {"dim": 3}}]


def of(task: str, **settings: Any) -> Any:
    """A run of this task, as far as the choice of a target looks at it."""
    facts = SimpleNamespace(task=SimpleNamespace(name=task))
    return SimpleNamespace(run=SimpleNamespace(facts=facts), task=TASKS.get(task)(**settings))


def test_the_methods_are_these() -> None:
    assert METHODS.names() == ["grad_cam", "integrated_gradients", "occlusion"]


def test_without_a_target_the_likeliest_label_is_explained(tmp_path: Path) -> None:
    net = loaded(tmp_path, DENSE, {"x": "vector:5"})
    outputs = net.outputs(batch(X))
    explanations = attribute(net, batch(X), "occlusion")
    assert [each.target for each in explanations] == [f"label {k}" for k in outputs.argmax(1).tolist()]
    assert [each.answer["label"] for each in explanations] == [each.target for each in explanations]
    assert [each.score for each in explanations] == pytest.approx(outputs.max(1).values.tolist())
    assert len({each.target for each in explanations}) > 1


def test_examples_of_a_batch_don_t_influence_each_other(tmp_path: Path) -> None:
    net = loaded(tmp_path, DENSE, {"x": "vector:5"})
    together = attribute(net, batch(X))
    for row in range(4):
        (alone,) = attribute(net, batch(X).slice(row, row + 1))
        assert np.allclose(alone.inputs["x"], together[row].inputs["x"], atol=1e-12)


@pytest.mark.parametrize(("method", "settings"), [("integrated_gradients", {"steps": 8}), ("occlusion", {})])
def test_the_budget_changes_no_attribution(method: str, settings: dict[str, Any], tmp_path: Path) -> None:
    node = [{"embedding": {"dim": 4}}, {"gru": {"dim": 3}}, "last_step", {"dense": {"dim": 3}}]
    net, examples = loaded(tmp_path, node, {"tokens": "tokens:9,vocabulary=30,padded"}), texts()
    large, small = (attribute(net, examples, method, budget=budget, **settings) for budget in (64, 3))
    for one, other in zip(large, small, strict=True):
        assert np.allclose(one.inputs["tokens"], other.inputs["tokens"], atol=1e-12)


def test_weights_and_their_gradients_are_left_alone(tmp_path: Path) -> None:
    net = loaded(tmp_path, DENSE, {"x": "vector:5"})
    before = {name: values.clone() for name, values in net.model.state_dict().items()}
    x = X["x"].clone()
    attribute(net, batch({"x": x}))
    assert all((values == before[name]).all() for name, values in net.model.state_dict().items())
    assert all(values.grad is None for values in net.model.parameters())
    assert (x == X["x"]).all()
    assert not x.requires_grad


def test_several_labels_at_once_are_explained_one_by_one() -> None:
    net = of("multilabel", labels=["sun", "rain"])
    outputs = torch.tensor([[1.0, 2.0], [3.0, -1.0]])
    free, asked = choose(net, outputs, None), choose(net, outputs, "rain")
    assert (free.names, asked.names) == (["rain", "sun"], ["rain", "rain"])
    assert torch.equal(asked.scores(outputs, asked.index), torch.tensor([2.0, -1.0]))
    assert torch.allclose(asked.certainty(outputs, asked.index), torch.tensor([2.0, -1.0]).sigmoid())


def test_a_label_that_is_not_there(tmp_path: Path) -> None:
    net = loaded(tmp_path, DENSE, {"x": "vector:5"})
    with pytest.raises(UnknownName, match=r"target: no label is called 'labl 1'\n  fix: did you mean 'label 1'"):
        attribute(net, batch(X), target="labl 1")


def test_a_method_that_is_not_there(tmp_path: Path) -> None:
    net = loaded(tmp_path, DENSE, {"x": "vector:5"})
    with pytest.raises(UnknownName, match=r"no method is called 'gradcam'\n  fix: did you mean 'grad_cam'"):
        attribute(net, batch(X), "gradcam")


def test_a_setting_that_is_not_there(tmp_path: Path) -> None:
    net = loaded(tmp_path, DENSE, {"x": "vector:5"})
    with pytest.raises(
        SettingError, match=r"integrated_gradients takes no setting 'step'.*\n.*\n.*did you mean 'steps'"
    ):
        attribute(net, batch(X), step=3)
    with pytest.raises(SettingError, match="grad_cam takes no setting 'steps'\n  expected: none"):
        attribute(net, batch(X), "grad_cam", steps=3)
    with pytest.raises(SettingError, match="budget must be at least one example"):
        attribute(net, batch(X), budget=0)


def test_a_regression_has_one_target(tmp_path: Path) -> None:
    net = loaded(tmp_path, {"dense": {"dim": 1}}, {"x": "vector:5"}, labels=None)
    assert attribute(net, batch(X), target="value")[0].target == "value"
    with pytest.raises(SettingError, match="a regression has one target"):
        attribute(net, batch(X), target="age")


def test_a_step_of_a_forecast_is_asked_by_number_or_by_column() -> None:
    net = of("forecasting", targets=["heat", "load"], horizon=3, channels=[0, 1], mean=[10.0, 20.0], scale=[2.0, 4.0])
    task = net.task
    outputs = torch.randn(5, 3, 2)
    values = outputs * torch.tensor(task.scale) + torch.tensor(task.mean)
    for target, step, column in ((None, 0, 0), (3, 2, 0), ("load", 0, 1), ("load:2", 1, 1), ("heat:3", 2, 0)):
        chosen = choose(net, outputs, target)
        assert torch.allclose(chosen.scores(outputs, chosen.index), values[:, step, column])
        assert torch.equal(chosen.certainty(outputs, chosen.index), chosen.scores(outputs, chosen.index))
        assert chosen.names == [f"{task.targets[column]}, step {step + 1}"] * 5
    with pytest.raises(SettingError, match="expected: a step from 1 to 3"):
        choose(net, outputs, 4)
    with pytest.raises(UnknownName, match="did you mean 'load'"):
        choose(net, outputs, "laod:1")


def test_the_next_token_of_a_language_model_is_explained() -> None:
    net, outputs = of("language_model", vocabulary=5, context=3), torch.randn(2, 3, 5)
    free, asked = choose(net, outputs, None), choose(net, outputs, "4")
    assert free.names == [f"token {token}" for token in outputs[:, 2].argmax(1).tolist()]
    assert torch.equal(free.scores(outputs, free.index), outputs[:, 2].max(1).values)
    assert asked.names == ["token 4", "token 4"]
    assert torch.equal(asked.scores(outputs, asked.index), outputs[:, 2, 4])
    assert torch.allclose(asked.certainty(outputs, asked.index), outputs[:, 2].softmax(1)[:, 4])
    with pytest.raises(SettingError, match="expected: the number of a token, below 5"):
        choose(net, outputs, "the")


@pytest.mark.parametrize("name", [name for name in TASKS.names() if EXPLANATIONS.reason(name)])
def test_a_task_without_an_explanation_says_why(name: str) -> None:
    net: Any = SimpleNamespace(run=SimpleNamespace(facts=SimpleNamespace(task=SimpleNamespace(name=name))))
    with pytest.raises(SettingError, match=f"task {name}: this run's outputs can't be explained") as caught:
        choose(net, torch.zeros(1, 2), None)
    assert caught.value.got == f"not applicable, {EXPLANATIONS.reason(name)}"


def test_tokens_that_no_embedding_reads(tmp_path: Path) -> None:
    net = loaded(tmp_path, DENSE, {"x": "vector:5"})
    strange = batch({"x": torch.ones(2, 5, dtype=torch.int64)})
    net.model["network"].forward = lambda inputs, masks: next(iter(inputs.values())).double()[:, :3]
    with pytest.raises(SettingError, match="no embedding reads 'x'"):
        attribute(net, strange)


def test_an_exported_network_has_no_gradients(tmp_path: Path) -> None:
    net = loaded(tmp_path, DENSE, {"x": "vector:5"})

    class Exported(torch.nn.Module):
        def forward(self, inputs: dict[str, torch.Tensor], masks: Any = None) -> torch.Tensor:
            return inputs["x"][:, :3]

    net.model["network"] = Exported()
    with pytest.raises(SettingError, match="has no gradients") as caught:
        attribute(net, batch(X))
    assert "occlusion" in caught.value.fix
    with pytest.raises(SettingError, match="layers of an exported network are not accessible"):
        attribute(net, batch(X), "grad_cam")
    explanations = attribute(net, batch(X), "occlusion", target="label 2")
    assert np.allclose([each.inputs["x"][2] for each in explanations], X["x"][:, 2])


@pytest.mark.parametrize("method", ["integrated_gradients", "occlusion", "grad_cam"])
def test_without_captum_the_error_says_how_to_install_it(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name.partition(".")[0])

    monkeypatch.setattr("weftnet.base.extras.import_module", absent)
    node = [{"conv2d": {"channels": 2}}, "global_average_pool2d", {"dense": {"dim": 3}}]
    net = loaded(tmp_path, node, {"x": "image:1x4x4"})
    with pytest.raises(MissingExtra, match=r"explaining needs captum\n  fix: pip install 'weftnet\[explain\]'"):
        attribute(net, batch({"x": torch.zeros(1, 1, 4, 4, dtype=torch.float64)}), method)


def test_raw_values_are_encoded_first(tmp_path: Path) -> None:
    x = np.random.default_rng(0).random((40, 6, 6))
    data = open_data({"x": x, "y": np.arange(40) % 3})
    node = [{"conv2d": {"channels": 2}}, "global_average_pool2d", {"dense": {"dim": 3}}]
    net = loaded(tmp_path, node, {}, data=data)
    net.model.float()
    (one,) = attribute(net, {"x": x[:1]})
    assert one.inputs["image"].shape == (6, 6)
    picture = one.displayed["image"].values
    assert picture.dtype == np.uint8
    assert abs(picture / 255 * np.ptp(x[0]) + x[0].min() - x[0]).max() < np.ptp(x[0]) / 255
