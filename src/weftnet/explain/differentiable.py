"""The score as a function of floating-point tensors alone, so that it has a gradient everywhere.

Token ids have none. They are represented by the vectors that the network's embeddings look up: a hook replaces an
embedding's output by the vectors to evaluate. Two embeddings of the same tokens are two such variables.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.errors import SettingError
from weftnet.explain.request import AttributionRequest


class DifferentiableScore:
    """The variables to differentiate by, and the score as their function.

    Args:
        request: whose score it is.

    Raises:
        SettingError: tokens are not read by an embedding, or the network has no gradients.
    """

    def __init__(self, request: AttributionRequest) -> None:
        if not any(True for _ in request.network.parameters()):
            raise SettingError(
                "the network has no gradients",
                got="an exported network",
                fix="use the method occlusion, which needs none",
            )
        if steps := [module for module in request.network.modules() if not getattr(module, "differentiable", True)]:
            raise SettingError(
                "the network has steps, which no gradient sees",
                got=type(steps[0]).__name__,
                fix="use the method occlusion, which needs none",
            )
        self.request = request
        self.float_inputs = [name for name, values in request.inputs.items() if values.is_floating_point()]
        self._tokens = [name for name in request.inputs if name not in self.float_inputs]
        self._embeddings, vectors = _embeddings(request, self._tokens)
        #: the variables, and the input that each of them belongs to
        self.values = tuple(request.inputs[name] for name in self.float_inputs) + vectors
        self.names = [*self.float_inputs, *(name for name, _ in self._embeddings)]

    @property
    def baselines(self) -> tuple[Tensor, ...]:
        """What each variable is compared with: its view's baseline; for embedded tokens vectors of zeros.

        Padding is its own baseline, so that it contributes exactly nothing to any difference.
        """
        request = self.request
        baselines = []
        for name, values in zip(self.names, self.values, strict=True):
            single = request.views[name].baseline(values) if name in self.float_inputs else torch.zeros_like(values)
            baseline = single.expand_as(values)
            if name in request.masks:
                mask = request.masks[name].reshape(*request.masks[name].shape, *[1] * (values.ndim - 2))
                baseline = torch.where(mask, baseline, values)
            baselines.append(baseline.contiguous())
        return tuple(baselines)

    @property
    def constants(self) -> tuple[Tensor, ...]:
        """The score's further arguments: the tokens, the masks, and which output."""
        request = self.request
        return (*(request.inputs[name] for name in self._tokens), *request.masks.values(), request.targets.index)

    def score(self, *arguments: Tensor) -> Tensor:
        """(batch,) the scores, from as many tensors as `values` and `constants` hold."""
        variables, constants = arguments[: len(self.values)], arguments[len(self.values) :]
        inputs = dict(zip(self.float_inputs, variables, strict=False)) | dict(
            zip(self._tokens, constants, strict=False)
        )
        masks = dict(zip(self.request.masks, constants[len(self._tokens) :], strict=False))
        embedded = variables[len(self.float_inputs) :]
        with ExitStack() as hooks, recurrent_gradients(variables[0].device):
            for (name, module), vectors in zip(self._embeddings, embedded, strict=True):
                hooks.enter_context(module.register_forward_hook(_instead(inputs[name], vectors)))
            return self.request.score(inputs, masks, constants[-1])


def _instead(tokens: Tensor, vectors: Tensor) -> Callable[..., Tensor]:
    """A hook that gives these vectors where a module reads these tokens, and nowhere else: a table may be shared."""
    return lambda _, read, output: vectors if read[0] is tokens else output


@contextmanager
def recurrent_gradients(device: torch.device) -> Iterator[None]:
    """cuDNN's recurrent layers have no gradient in evaluation mode; torch's own do."""
    if device.type != "cuda":
        yield
        return
    with torch.backends.cudnn.flags(enabled=False):
        yield


def _embeddings(
    request: AttributionRequest, tokens: list[str]
) -> tuple[list[tuple[str, nn.Module]], tuple[Tensor, ...]]:
    """The embeddings that read the token inputs, and their outputs."""
    if not tokens:
        return [], ()
    calls: list[tuple[str, nn.Module, Tensor]] = []

    def record(module: nn.Module, arguments: tuple[Any, ...], output: Tensor) -> None:
        calls.extend((name, module, output.detach()) for name in tokens if arguments[0] is request.inputs[name])

    with ExitStack() as hooks, torch.no_grad():
        for module in request.network.modules():
            if getattr(module, "embeds", False):
                hooks.enter_context(module.register_forward_hook(record))
        request.outputs(request.inputs, request.masks, request.targets.index)
    if missing := [name for name in tokens if name not in {name for name, _, _ in calls}]:
        raise SettingError(
            f"no embedding reads {missing[0]!r}, so there is no gradient to follow",
            fix="use the method occlusion, which needs none",
        )
    return [(name, module) for name, module, _ in calls], tuple(output for _, _, output in calls)
