"""An entry of the zoo: a function of settings that returns an `Architecture`; see `weftnet.zoo`.

It is tried in the size of its own `example() → (settings, what it reads)`, a function beside it: `image:3x16x16`, or a
mapping of such texts where it has several parts. `published() → [(settings, what it reads, parameters), …]` beside it
is compared with what is built.
"""

import inspect
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.architecture.reading import read_text
from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Architecture, Chain, to_yaml
from weftnet.compose import build
from weftnet.contract._check import Broken, Check, NotApplicable, checks, expect, long, page, same
from weftnet.contract.entries.block import unchecked
from weftnet.zoo import ZOO

_BATCH = 4


@dataclass(frozen=True)
class _Case:
    entry: Callable[..., Architecture]
    settings: Mapping[str, Any]
    reads: Mapping[str, Mapping[str, Signal]]

    @property
    def architecture(self) -> Architecture:
        """In the small size."""
        return self.entry(**self.settings)

    def model(self) -> nn.ModuleDict:
        """Its parts."""
        return build(self.architecture, self.reads, seed=0)


def zoo(name: str) -> list[Check]:
    """The checks of an entry of the zoo."""
    return checks(name, _case, [_reads_back, _classes, _trains, _exports, _counted, _documented])


def _case(name: str) -> _Case:
    entry = ZOO.get(name)
    module = inspect.getmodule(entry)
    make = getattr(entry, "example", None) or getattr(module, "example", None)
    if make is None:
        fix = (
            'write `example() → ({"width": 8}, "image:3x16x16")` beside it: settings of a small one, and what it reads'
        )
        raise Broken("there is nothing to try it on", fix=fix)
    settings, reads = make()
    named = {"network": reads} if isinstance(reads, str) else reads
    return _Case(entry, settings, {part: _signals(text) for part, text in named.items()})


def _signals(reads: str | Mapping[str, str]) -> dict[str, Signal]:
    """What a part reads: a signal, or several by name."""
    return {name: parse(text) for name, text in ({"x": reads} if isinstance(reads, str) else reads).items()}


def _reads_back(case: _Case) -> None:
    """Written as YAML and read again it is the same, in its own size and in the small one."""
    for settings in ({}, case.settings):
        architecture = case.entry(**settings)
        read, faults = read_text(to_yaml(architecture))
        expect(read == architecture and not faults, "it is another after reading", got="; ".join(map(str, faults)))


def _classes(case: _Case) -> None:
    """With `classes` it ends in one dense layer more, and is else the same."""
    if "classes" not in inspect.signature(case.entry).parameters:
        raise NotApplicable("it takes no classes: its task appends the heads")
    features, network = (each.parts["network"] for each in (case.architecture, case.entry(**case.settings, classes=7)))
    assert isinstance(features, Chain)
    assert isinstance(network, Chain)
    expect(network.nodes[:-1] == features.nodes, "the nodes before the last are others")
    built: Any = build(case.entry(**case.settings, classes=7), case.reads)
    width = built["network"].gives.size("dim")
    expect(width == 7, "the width of the output", expected="7", got=str(width))


def _trains(case: _Case) -> None:
    """Eight steps lower a loss, and the gradient reaches every parameter."""
    for part, network in case.model().items():
        x, masks = _values(case.reads[part])
        parameters = list(network.parameters())
        if not parameters:  # a linear baseline without its classes
            continue
        generator = torch.Generator().manual_seed(0)
        target = torch.randn(network(x, masks).shape, generator=generator)
        _auxiliary(network)  # of the pass that told the shape
        optimiser = torch.optim.Adam(parameters, 1e-3)
        losses = []
        for _ in range(8):
            torch.manual_seed(0)  # the same dropout each time
            loss = (network(x, masks) - target).square().mean()
            auxiliary = _auxiliary(network)
            optimiser.zero_grad()
            torch.autograd.backward(torch.stack([loss, *auxiliary]).sum())
            optimiser.step()
            losses.append(float(loss.detach()))
        expect(losses[-1] < losses[0], f"the loss of {part} does not fall", got=f"{losses[0]:.4g} → {losses[-1]:.4g}")
        dead = [name for name, parameter in network.named_parameters() if parameter.grad is None]
        expect(not dead, "parameters without a gradient", got=", ".join(dead))


def _auxiliary(network: Any) -> list[torch.Tensor]:
    """The losses that its blocks gave since they were last taken."""
    return list(network.take_losses().values())


@long
def _exports(case: _Case) -> None:
    """torch.export gives a program of the same numbers."""
    for part, network in case.model().eval().items():
        x, _ = _values(case.reads[part])
        other = {name: values.flip(0) for name, values in x.items()}
        with unchecked(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of tensors that its own recurrent layers assign while traced
            exported = torch.export.export(network, (x,)).module()
        same(exported(other), network(other), 1e-5, f"the program of {part} gives other numbers")


def _counted(case: _Case) -> None:
    """It has as many parameters as its source says."""
    module = inspect.getmodule(case.entry)
    rows = getattr(case.entry, "published", None) or getattr(module, "published", None)
    if rows is None:
        raise NotApplicable("no number of parameters is given beside it")
    for settings, reads, parameters in rows():
        with torch.device("meta"):
            model = build(case.entry(**settings), {"network": _signals(reads)})
        count = sum(parameter.numel() for parameter in model.parameters())
        expect(
            count == parameters, f"parameters with {settings} on {reads}", expected=f"{parameters:,}", got=f"{count:,}"
        )


def _documented(case: _Case) -> None:
    """It names its source, its parameters and every argument, and all have defaults."""
    module = page(case.entry)
    source = re.search(r"^Source: .*\b(1[89]|20)\d\d\b.*https://", module, re.MULTILINE | re.DOTALL)
    expect(bool(source), "its docstring has no source with its year and link")
    expect("Parameters:" in module, "its docstring does not say how many parameters it has")
    document = inspect.getdoc(case.entry) or ""
    for argument, parameter in inspect.signature(case.entry).parameters.items():
        expect(f"    {argument}: " in document, f"{argument} is not under Args in the docstring")
        expect(parameter.default is not inspect.Parameter.empty, f"{argument} has no default: an entry stands alone")


def _values(signals: Mapping[str, Signal]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Random inputs, and masks of the padded ones, by name."""
    generator = torch.Generator().manual_seed(1)
    values, masks = {}, {}
    for name, signal in signals.items():
        if signal.padded:
            time = signal.size("time")
            masks[name] = torch.arange(time) < torch.tensor([[time - 2 * i] for i in range(_BATCH)])
        if signal.dtype == "int":
            values[name] = torch.randint(signal.known["vocabulary"], signal.shape(_BATCH), generator=generator)
        else:
            values[name] = torch.randn(signal.shape(_BATCH), generator=generator)
    return values, masks
