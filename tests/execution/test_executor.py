"""A model under a plan: whatever an executor does, or fails to do, the model stays as it was written."""

import copy
import io
from typing import Any

import pytest
import torch
from oracles import unchecked
from torch import Tensor, nn

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.base.onednn import can_use_onednn
from weftnet.compose import build
from weftnet.compose.network import Combined
from weftnet.data.batch import Batch
from weftnet.errors import SettingError
from weftnet.execution.executor import Executor, own_modules
from weftnet.execution.plan import Plan
from weftnet.execution.products import Linear

BLOCKS = [
    {"conv2d": {"channels": 6, "bias": False}}, "batch_norm2d", "relu", "max_pool2d",
    {"residual": [{"conv2d": {"channels": 6}}, "batch_norm2d"]}, "flatten", {"dense": {"dim": 9}}, "batch_norm",
]  # fmt: skip
TRAINING = Plan(channels_last=True, pool_first=True, dense_by_onednn=True, keep_memory=True, threads=1)
ANSWERS = Plan(channels_last=True, pool_first=True, dense_by_onednn=True, fold_norms=True)


def written(training: bool) -> nn.ModuleDict:
    """Random weights and running statistics."""
    model = build(from_dict({"chain": BLOCKS}), {"network": {"x": parse("image:1x8x8")}}, seed=2)
    torch.manual_seed(4)
    with torch.no_grad():
        for name, values in model.named_buffers():
            if values.is_floating_point():
                values.uniform_(0.3, 2.0) if name.endswith("var") else values.normal_()
    model.train(training)
    model["network"].get_submodule("1").eval()  # one mode is the user's own
    return model


def some(count: int = 5) -> Batch:
    generator = torch.Generator().manual_seed(3)
    return Batch({"x": torch.randn(count, 1, 8, 8, generator=generator)}, {}, {}, torch.arange(count))


def structure(model: nn.Module) -> list[Any]:
    """All of a model but its values: classes, attributes, modes, order of blocks, places and layouts of tensors."""
    tensors = [*model.named_parameters(), *model.named_buffers()]
    return [
        [(path, type(module), module.training, sorted(module.__dict__)) for path, module in model.named_modules()],
        [module._order for module in model.modules() if isinstance(module, Combined)],
        [(name, id(each), each.data_ptr(), each.stride(), each.requires_grad) for name, each in tensors],
    ]


def step(executor: Executor, batch: Batch) -> None:
    """One of gradient descent."""
    executor.model.train()
    loss = executor(batch).square().sum()
    loss.backward()
    with torch.no_grad():
        for parameter in executor.model.parameters():
            assert parameter.grad is not None
            parameter.sub_(parameter.grad, alpha=1e-3)
            parameter.grad = None


@pytest.mark.parametrize("plan", [Plan(), Plan(pool_first=True), Plan(channels_last=True), TRAINING], ids=str)
def test_training_moves_the_weights_and_nothing_else(plan: Plan) -> None:
    model, other, batch = written(True), written(True), some()
    before, threads = structure(model), torch.get_num_threads()
    with Executor(model, plan) as executor, executor.process_settings():
        step(executor, batch)
        step(executor, batch)
    assert structure(model) == before
    assert torch.get_num_threads() == threads
    with Executor(other, Plan()) as eager:
        step(eager, batch)
        step(eager, batch)
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, other.state_dict()[name], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("plan", [Plan(), TRAINING], ids=str)
def test_an_exception_in_a_step_leaves_the_weights_of_that_moment_and_nothing_else(plan: Plan) -> None:
    model, batch = written(True), some()
    before, values, executor = structure(model), {}, Executor(model, plan)

    def broken() -> None:
        with executor, executor.process_settings():
            step(executor, batch)
            executor.model.eval()
            values.update({name: value.clone() for name, value in executor.model.state_dict().items()})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert structure(model) == before
    assert all(torch.equal(value, values[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("place", ["fold_norms", "pool_first", "dense_by_onednn"])
def test_an_exception_while_it_is_made_leaves_nothing(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(model: nn.Module) -> int:
        raise ZeroDivisionError

    model, batch = written(False), some()
    before = structure(model)
    with torch.inference_mode():
        expected = Executor(model, Plan())(batch)
    monkeypatch.setattr(f"weftnet.execution.executor.{place}", fails)
    with pytest.raises(ZeroDivisionError):
        Executor(model, ANSWERS)
    assert structure(model) == before
    with torch.inference_mode():
        assert torch.equal(model["network"](batch.inputs), expected)


def test_answers_leave_the_model_as_it_was_and_its_bits() -> None:
    model, batch = written(False), some()
    model.eval()
    before = structure(model)
    with torch.inference_mode():
        expected = model["network"](batch.inputs)
        executor = Executor(model, ANSWERS)
        answers = executor(batch)
        torch.testing.assert_close(answers, expected, rtol=1e-4, atol=1e-4)
        assert not torch.equal(answers, expected)
        assert torch.equal(model["network"](batch.inputs), expected)
    assert structure(model) == before


def as_written(model: nn.ModuleDict) -> bytes:
    """A pickle of all modules and tensors."""
    file = io.BytesIO()
    torch.save(model, file)
    return file.getvalue()


@pytest.mark.parametrize("plan", [TRAINING, ANSWERS], ids=str)
def test_copies_and_pickles_of_the_model_and_of_the_executors_are_whole(plan: Plan) -> None:
    model, batch = written(plan is TRAINING), some()
    pickled = as_written(model)
    executor = Executor(model, plan)
    with torch.no_grad():
        expected = executor(batch) if plan is ANSWERS else None
        for made in (
            copy.deepcopy(executor.model),
            torch.load(io.BytesIO(as_written(executor.model)), weights_only=False),
        ):
            if expected is not None:
                placed = executor.place(batch)
                assert torch.equal(made["network"](placed.inputs), expected)
            for parameter in made.parameters():
                parameter.zero_()
        if expected is not None:
            assert torch.equal(executor(batch), expected)
    other = copy.deepcopy(model)
    assert [type(module) for module in other.modules()] == [type(module) for module in model.modules()]
    assert as_written(model) == pickled


def test_own_modules_share_tensors_and_ties() -> None:
    model = written(True)
    network = model["network"]
    network.get_submodule("6.linear").register_parameter("tied", network.get_parameter("0.conv.weight"))
    own = own_modules(model)
    assert all(a is b for a, b in zip(own.parameters(), model.parameters(), strict=True))
    assert all(a is b for a, b in zip(own.buffers(), model.buffers(), strict=True))
    assert not {id(module) for module in own.modules()} & {id(module) for module in model.modules()}
    relaid = Executor(model, Plan(channels_last=True)).model["network"]
    assert relaid.get_parameter("6.linear.tied") is relaid.get_parameter("0.conv.weight")
    assert relaid.get_parameter("0.conv.weight") is not network.get_parameter("0.conv.weight")


@pytest.mark.skipif(not can_use_onednn(), reason="torch was built without oneDNN")
def test_a_dense_layer_by_onednn_keeps_its_place_and_hooks() -> None:
    model, seen = written(True), []
    layer = model["network"].get_submodule("6.linear")
    layer.register_forward_hook(lambda *_: seen.append(1))
    executor = Executor(model, Plan(dense_by_onednn=True))
    own = executor.model["network"].get_submodule("6.linear")
    assert (type(layer), type(own)) == (nn.Linear, Linear)
    x = torch.randn(4, layer.in_features, requires_grad=True)
    results: list[list[Tensor]] = []
    for each in (layer, own):
        y = each(x)
        results.append([y, *torch.autograd.grad(y.square().sum(), [x, layer.weight, layer.bias])])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
    assert seen == [1, 1]


def test_norms_are_not_folded_in_training_mode() -> None:
    with pytest.raises(SettingError, match="norms are folded for answers alone"):
        Executor(written(True), ANSWERS)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's compiler itself
def test_compiling_leaves_nothing_in_the_model() -> None:
    model, batch = written(True), some()
    before = structure(model)
    with unchecked(), Executor(model, Plan(compiled=True)) as executor:  # what checks shapes can't be compiled
        step(executor, batch)
        assert model["network"]._compiled_call_impl is None
        assert type(copy.deepcopy(executor.model)["network"]) is type(model["network"])
    assert structure(model) == before
    assert executor.model["network"]._compiled_call_impl is None
