"""The contract that every block of the registry keeps, drawn from its own schema: no block is named here.

Sizes of axes come from the kinds of axes it reads, required settings from their types; its switches and choices are
each tried once. A new block is tested by being there.
"""

import copy
import inspect
import itertools
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin

import pytest
import torch
from oracles import same, unchecked
from torch import Tensor, nn

from weftnet.architecture.axes import Port, kind
from weftnet.architecture.schema import Schema, schema
from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Graph, Wire
from weftnet.blocks import BLOCKS
from weftnet.compose.flow import Resolved
from weftnet.compose.resolve import examine
from weftnet.compose.stepping import Stepping
from weftnet.errors import SettingError

BATCH = 3
#: Sizes for the kinds of axes, tried in this order; all differ, so that no axis is taken for another.
SIZES: tuple[dict[str, int], ...] = (
    {"time": 6, "dim": 32, "channels": 64, "height": 8, "width": 4},
    {"time": 480, "dim": 1, "channels": 64, "height": 8, "width": 4},
)
#: Sizes of a second sequence (`time_memory`, `dim_memory`).
OTHER = {"time": 5, "dim": 24}
#: What to try for a required setting of a type.
GUESSES: dict[Any, tuple[Any, ...]] = {int: (2, 3, 7), list[int]: ([-1], [4, -1]), float: (0.5,), bool: (True,)}
VOCABULARY = 11


@dataclass(frozen=True)
class Case:
    """A block with settings, and signals that it takes."""

    name: str
    settings: Mapping[str, Any]
    signals: Mapping[str, Signal]
    resolved: Resolved

    def module(self) -> nn.Module:
        torch.manual_seed(0)
        module: nn.Module = self.resolved.cls(**self.resolved.settings).double().eval()
        with torch.no_grad():
            for parameter in module.parameters():  # no block may hide behind a bias of zero
                parameter.add_(0.1 * torch.randn_like(parameter))
        return module

    def inputs(self) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(1)
        return {name: _values(signal, generator) for name, signal in self.signals.items()}

    def __str__(self) -> str:
        settings = ",".join(f"{key}={value}" for key, value in self.settings.items())
        return f"{self.name}({settings})"


def _values(signal: Signal, generator: torch.Generator) -> Tensor:
    if signal.dtype == "int":
        return torch.randint(VOCABULARY, signal.shape(BATCH), generator=generator)
    return torch.randn(signal.shape(BATCH), generator=generator, dtype=torch.float64)


def _signal(port: Port, sizes: Mapping[str, int], other: bool) -> Signal:
    """A signal for a port: `*batch` as one axis of time, `*shape` as an image's three."""
    axes: list[str] = []
    for axis in port.axes:
        if axis == "*batch":
            axes += [] if "int" not in port.dtypes and "dim" not in {kind(a) for a in port.axes} else ["time"]
        elif axis.startswith("*"):
            axes += ["channels", "height", "width"]
        elif kind(axis) != "batch":
            axes.append(kind(axis) or axis)
    second = {**sizes, **OTHER} if other else dict(sizes)
    shared = {axis for axis in axes if axis in port.axes}  # `dim`, not `dim_memory`: the same as in the first input
    chosen = tuple(sizes[axis] if axis in shared and axis in sizes else second[axis] for axis in axes)
    integers = port.dtypes == {"int"}
    return Signal(tuple(axes), chosen, "int" if integers else "float", {"vocabulary": VOCABULARY} if integers else {})


def _resolve(name: str, settings: Mapping[str, Any], signals: Mapping[str, Signal]) -> Resolved | None:
    graph = Graph(tuple(signals), {"y": Wire({key: key for key in signals}, Block(name, settings))}, ("y",))
    resolved, faults = examine(graph, signals)
    return None if faults or resolved is None else resolved.children["y"]


@cache
def smallest(name: str) -> Case:
    """The block with as few settings as it allows."""
    form: Schema = schema(BLOCKS.get(name))
    needed = [each for each in form.settings.values() if each.required and each.name not in form.filled]
    types = [(each.annotation, *get_args(each.annotation)) for each in needed]
    choices = [next(GUESSES[each] for each in options if each in GUESSES) for options in types]
    for sizes in SIZES:
        signals = {port.name: _signal(port, sizes, other=i > 0) for i, port in enumerate(form.required)}
        for values in itertools.product(*choices):
            settings = {each.name: value for each, value in zip(needed, values, strict=True)}
            if resolved := _resolve(name, settings, signals):
                return Case(name, settings, signals, resolved)
    raise AssertionError(f"{name} takes none of the signals and settings that its schema suggests")


def variants(name: str) -> Iterator[Case]:
    """The smallest case, and each switch turned and each choice made in it."""
    base = smallest(name)
    yield base
    for setting in schema(BLOCKS.get(name)).settings.values():
        for value in _alternatives(setting.annotation, setting.default):
            settings = {**base.settings, setting.name: value}
            resolved = _resolve(name, settings, base.signals)
            assert resolved is not None, f"{name} refuses {setting.name}={value}"
            yield Case(name, settings, base.signals, resolved)


def _alternatives(annotation: Any, default: Any) -> list[Any]:
    if annotation is bool:
        return [not default]
    options = [annotation, *get_args(annotation)]
    values = [value for option in options if get_origin(option) is Literal for value in get_args(option)]
    return [value for value in values if value != default]


NAMES = BLOCKS.names()
CASES = [case for name in NAMES for case in variants(name)]
every_case = pytest.mark.parametrize("case", CASES, ids=str)
every_name = pytest.mark.parametrize("name", NAMES)
masked = pytest.mark.parametrize("case", [case for case in CASES if schema(case.resolved.cls).masks], ids=str)


@every_case
def test_what_is_promised_is_what_comes(case: Case) -> None:
    inputs = case.inputs()
    y = case.module()(**inputs)
    assert tuple(y.shape) == case.resolved.output.shape(BATCH)
    assert y.dtype == torch.float64
    assert y.isfinite().all()
    assert len(case.resolved.output.axes) == y.ndim - 1


@every_case
def test_examples_of_a_batch_do_not_mix(case: Case) -> None:
    module, inputs = case.module(), case.inputs()
    together = module(**inputs)
    for i in range(BATCH):
        same(module(**{name: value[i : i + 1] for name, value in inputs.items()}), together[i : i + 1], 1e-9)


@every_case
def test_the_gradient_reaches_every_parameter_and_input(case: Case) -> None:
    module, inputs = case.module().train(), case.inputs()
    leaves = {name: value.requires_grad_() for name, value in inputs.items() if value.is_floating_point()}
    y = module(**inputs)
    if not leaves and not list(module.parameters()):
        return
    (y * torch.randn_like(y)).sum().backward()
    for name, tensor in [*leaves.items(), *module.named_parameters()]:
        assert tensor.grad is not None, name
        assert tensor.grad.isfinite().all(), name
        assert tensor.grad.any(), name


@masked
def test_padding_never_changes_the_answer(case: Case) -> None:
    """Whatever stands in padding, NaN too; and each row alone, unpadded, gives the same."""
    module, inputs = case.module(), case.inputs()
    form = schema(case.resolved.cls)
    masks, lengths = {}, {}
    for name, value in inputs.items():
        mask_name = "mask" if name == form.reads[0].name else f"{name}_mask"
        if mask_name in form.masks:
            time = value.shape[1]
            lengths[name] = [time, time - 1 if time < 10 else time - 30, time - 2 if time < 10 else time - 70]
            masks[mask_name] = torch.arange(time) < torch.tensor(lengths[name]).unsqueeze(1)
            padding = ~masks[mask_name].reshape(BATCH, time, *[1] * (value.ndim - 2))
            inputs[name] = value.masked_fill(padding, torch.nan)
    together = module(**inputs, **masks)
    if "time" in case.resolved.output.axes:
        mask = masks["mask"]
        real = module.next_mask(mask) if form.moves_time else mask
        assert not together[~real].any(), "padded steps of the output are zero"
        together = [row[:n] for row, n in zip(together, real.sum(1).tolist(), strict=True)]
    assert all(row.isfinite().all() for row in together)
    for i in range(BATCH):
        alone = {name: value[i : i + 1, : lengths[name][i]] if name in lengths else value[i : i + 1]
                 for name, value in inputs.items()}  # fmt: skip
        expected = module(**alone)[0]
        if expected.shape == together[i].shape:  # flattening gives less for less
            same(together[i], expected, 1e-9)


@every_case
def test_evaluation_is_deterministic_and_weights_are_all_there_is(case: Case) -> None:
    module, inputs = case.module(), case.inputs()
    y = module(**inputs)
    assert torch.equal(module(**inputs), y)
    twin = case.resolved.cls(**case.resolved.settings).double().eval()
    twin.load_state_dict(copy.deepcopy(module.state_dict()))
    assert torch.equal(twin(**inputs), y)


@pytest.mark.parametrize("case", [c for c in CASES if c.settings.get("causal") or "causal" in c.settings.values()],
                         ids=str)  # fmt: skip
def test_what_is_causal_does_not_see_the_future(case: Case) -> None:
    module, inputs = case.module(), case.inputs()
    before = module(**inputs)
    for t in range(1, inputs["x"].shape[1]):
        later = inputs["x"].clone()
        later[:, t:] += 1
        after = module(**{**inputs, "x": later})
        same(after[:, :t], before[:, :t], 1e-9)
        assert not torch.allclose(after[:, t:], before[:, t:])


def steppable(case: Case) -> tuple[Case, Stepping, object] | None:
    """The case on a sequence, if it can work step by step there."""
    for signal in (Signal(("time", "dim"), (6, 32)), Signal(("time",), (6,), "int", {"vocabulary": VOCABULARY})):
        if len(case.signals) == 1 and (resolved := _resolve(case.name, case.settings, {"x": signal})):
            found, stepping = Case(case.name, case.settings, {"x": signal}, resolved), Stepping(resolved)
            with suppress(SettingError):
                return found, stepping, stepping.initial_state(found.module(), BATCH, 6)
    return None


STEPPABLE = [each for each in map(steppable, CASES) if each]


@pytest.mark.parametrize(("case", "stepping", "state"), STEPPABLE, ids=lambda each: str(each))
def test_steps_give_what_the_whole_pass_gives(case: Case, stepping: Stepping, state: object) -> None:
    module, (x,) = case.module(), case.inputs().values()
    whole = module(x)
    same(whole, torch.cat([module(x[:, :2]), whole[:, 2:]], 1))  # causal
    for start, stop in ((0, 3), (3, 4), (4, 6)):  # several at first, one, several
        y, state = stepping.step(module, x[:, start:stop], state)
        same(y, whole[:, start:stop])


def test_what_is_causal_or_lies_along_the_features_can_work_step_by_step() -> None:
    able = {str(case) for case, *_ in STEPPABLE}
    assert {str(case) for case in CASES if "causal" in str(case)} <= able
    assert {"lstm(dim=2)", "gru(dim=2)", "relu()", "dense(dim=2)", "embedding(dim=2)", "layer_norm()"} <= able
    assert not {"conv1d(dim=2)", "last_step()", "flatten()", "multi_head_attention()"} & able


#: torch warns of tensors that its own recurrent layers assign while they are traced
@every_name
@pytest.mark.filterwarnings("ignore:The tensor attributes? self:UserWarning")
def test_the_exported_block_gives_the_same_numbers(name: str) -> None:
    case = smallest(name)
    module, inputs = case.module(), case.inputs()
    with unchecked():
        exported = torch.export.export(module, (), kwargs=dict(inputs)).module()
    others = {key: value.flip(0) for key, value in inputs.items()}
    same(exported(**others), module(**others), 1e-9)


@every_name
def test_the_docstring_has_a_formula_a_source_and_a_cost(name: str) -> None:
    text = BLOCKS.module(name).__doc__ or ""
    assert re.search(r"^    \S", text, re.MULTILINE), "no indented formula"
    assert re.search(r"^Source: .*\b(1[89]|20)\d\d\b", text, re.MULTILINE | re.DOTALL), "no source with its year"
    assert "https://" in text or "http://" in text, "no link"
    assert re.search(r"^Cost[ :]", text, re.MULTILINE), "no cost"


@every_name
def test_every_argument_is_documented(name: str) -> None:
    cls = BLOCKS.get(name)
    document = inspect.getdoc(cls) or ""
    for setting in schema(cls).settings:
        assert re.search(rf"^    {setting}: \S", document, re.MULTILINE), f"{setting} has no line under Args"
