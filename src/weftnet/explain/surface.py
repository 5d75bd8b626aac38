"""The network as a function of numbers alone, so that it has a gradient everywhere.

Tokens have none. In their place stand the vectors that the network's embeddings make of them: a hook puts given vectors
where an embedding's output would be. Two embeddings of the same tokens are two such places.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.blocks import BLOCKS
from weftnet.errors import SettingError
from weftnet.explain.question import Question


class Surface:
    """The places where numbers enter, and the score as their function.

    Args:
        question: what is asked.

    Raises:
        SettingError: tokens are not read by an embedding, or the network has no gradients.
    """

    def __init__(self, question: Question) -> None:
        if not any(True for _ in question.network.parameters()):
            raise SettingError(
                "the network has no gradients",
                got="an exported network",
                fix="use the method occlusion, which needs none",
            )
        self.question = question
        self.inputs = [name for name, values in question.inputs.items() if values.is_floating_point()]
        self._tokens = [name for name in question.inputs if name not in self.inputs]
        self._embeddings, vectors = _embeddings(question, self._tokens)
        self.values = tuple(question.inputs[name] for name in self.inputs) + vectors
        self.names = [*self.inputs, *(name for name, _ in self._embeddings)]

    @property
    def starts(self) -> tuple[Tensor, ...]:
        """What each place is compared with: its view's idea of nothing; for tokens vectors of zeros.

        Padding is compared with itself, so that it has exactly no part in any difference.
        """
        question = self.question
        found = []
        for name, values in zip(self.names, self.values, strict=True):
            nothing = question.views[name].nothing(values) if name in self.inputs else torch.zeros_like(values)
            start = nothing.expand_as(values)
            if name in question.masks:
                mask = question.masks[name].reshape(*question.masks[name].shape, *[1] * (values.ndim - 2))
                start = torch.where(mask, start, values)
            found.append(start.contiguous())
        return tuple(found)

    @property
    def rest(self) -> tuple[Tensor, ...]:
        """What the score needs besides: the tokens, the masks, and which output."""
        question = self.question
        return (*(question.inputs[name] for name in self._tokens), *question.masks.values(), question.targets.index)

    def score(self, *arguments: Tensor) -> Tensor:
        """(batch,) the scores, from as many tensors as `values` and `rest` hold."""
        numbers, rest = arguments[: len(self.values)], arguments[len(self.values) :]
        inputs = dict(zip(self.inputs, numbers, strict=False)) | dict(zip(self._tokens, rest, strict=False))
        masks = dict(zip(self.question.masks, rest[len(self._tokens) :], strict=False))
        vectors = numbers[len(self.inputs) :]
        with ExitStack() as hooks, recurrent_gradients(numbers[0].device):
            for (_, module), given in zip(self._embeddings, vectors, strict=True):
                hooks.enter_context(module.register_forward_hook(lambda _m, _i, _o, given=given: given))
            return self.question.score(inputs, masks, rest[-1])


@contextmanager
def recurrent_gradients(device: torch.device) -> Iterator[None]:
    """cuDNN's recurrent layers have no gradient in evaluation mode; torch's own have."""
    if device.type != "cuda":
        yield
        return
    with torch.backends.cudnn.flags(enabled=False):
        yield


def _embeddings(question: Question, tokens: list[str]) -> tuple[list[tuple[str, nn.Module]], tuple[Tensor, ...]]:
    """The embeddings that read the token inputs, and what they give."""
    if not tokens:
        return [], ()
    seen: list[tuple[str, nn.Module, Tensor]] = []

    def note(module: nn.Module, given: tuple[Any, ...], output: Tensor) -> None:
        seen.extend((name, module, output.detach()) for name in tokens if given[0] is question.inputs[name])

    with ExitStack() as hooks, torch.no_grad():
        for module in question.network.modules():
            if isinstance(module, BLOCKS.get("embedding")):
                hooks.enter_context(module.register_forward_hook(note))
        question.network(question.inputs, question.masks)
    if missing := [name for name in tokens if name not in {name for name, _, _ in seen}]:
        raise SettingError(
            f"no embedding reads {missing[0]!r}, so there is no gradient to follow",
            fix="use the method occlusion, which needs none",
        )
    return [(name, module) for name, module, _ in seen], tuple(output for _, _, output in seen)
