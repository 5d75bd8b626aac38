"""Weights that are of another shape than here, made to fit where there is a known way; for all others there is none.

    positions     of a text: the first rows, or all of them and new ones behind; of an image: the grid of the patches,
                  resized by bicubic interpolation, with the class token's own row as it is
    vocabulary    by the text of a token: rows of known tokens are taken, others stay new
    channels      of the first layer of an image: to one, the sum over all, as a grey image has three equal channels;
                  to others, repeated in turn and scaled so that the sum over channels stays

Bicubic: as A. Dosovitskiy and others, 2021, section 3.2, https://arxiv.org/abs/2010.11929, resize for a finer grid.
What a block's tensor counts along its first axis the block says itself (`adapts`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.architecture.signal import Signal, parse
from weftnet.data.data import Data
from weftnet.run.folder import Run


@dataclass(frozen=True)
class Scene:
    """What is known of the inputs there and here.

    Args:
        roles: tensor → what it counts, of those that say so.
        first: the first tensor of each part that has two axes or more.
        before, after: input signals by name.
        tokens_before, tokens_after: of the only column of tokens: its text by number; () where it is not known.
    """

    roles: Mapping[str, str]
    first: frozenset[str]
    before: Mapping[str, Signal]
    after: Mapping[str, Signal]
    tokens_before: tuple[str, ...] = field(default=(), repr=False)
    tokens_after: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, model: nn.ModuleDict, origin: Run, data: Data) -> "Scene":
        """The scene of a transfer.

        Args:
            model: that takes the weights.
            origin: the run that gives them.
            data: of the new training.
        """
        roles = {
            f"{path}.{name}": what
            for path, module in model.named_modules()
            for name, what in getattr(module, "adapts", {}).items()
        }
        named = (part.named_parameters(key) for key, part in model.items())
        first = [next((name for name, value in each if value.ndim > 1), "") for each in named]
        before = {name: parse(text) for name, text in origin.facts.signals.items()}
        columns = (origin.json("data.json"), data.state())
        old, new = (each.get("preprocessing", {}).get("columns", {}) for each in columns)
        after = dict(data.signals)
        return cls(roles, frozenset(first), before, after, _tokens(old, before), _tokens(new, after))

    def unlike(self, name: str, old: Tensor, new: Tensor) -> bool:
        """Whether a tensor can't be copied as it is: of another shape, or of tokens with other numbers."""
        renumbered = bool(self.tokens_before and self.tokens_after) and self.tokens_before != self.tokens_after
        return old.shape != new.shape or (renumbered and self.roles.get(name) == "vocabulary")

    def adapted(self, name: str, old: Tensor, new: Tensor) -> tuple[Tensor, str] | None:
        """A tensor made to fit, and how; None where there is no known way.

        Args:
            name: here.
            old: there.
            new: here, with its initial values.
        """
        if not (old.is_floating_point() and new.is_floating_point() and old.ndim == new.ndim):
            return None
        role = self.roles.get(name)
        if role is not None and old.shape[1:] != new.shape[1:]:
            return None
        if role == "positions":
            return self._grid(old, new) if self._image(self.after) else _rows(old, new)
        if role == "vocabulary":
            return self._vocabulary(old, new)
        return self._channels(old, new) if name in self.first else None

    def _grid(self, old: Tensor, new: Tensor) -> tuple[Tensor, str] | None:
        """Positions of patches; a row more than the grid is the class token's."""
        before, after = self._image(self.before), self._image(self.after)
        if before is None or after is None:
            return None
        for extra in (1, 0):
            grids = [_sides(len(each) - extra, signal) for each, signal in ((old, before), (new, after))]
            if grids[0] is None or grids[1] is None:
                continue
            image = old[extra:].float().t().reshape(1, old.shape[1], *grids[0])
            resized = F.interpolate(image, grids[1], mode="bicubic", align_corners=False)
            rows = resized.reshape(old.shape[1], -1).t()
            there, here = ("×".join(map(str, grid)) for grid in grids if grid is not None)
            return torch.cat([old[:extra].float(), rows]).to(new), f"a grid of {there} resized to {here}"
        return None

    def _vocabulary(self, old: Tensor, new: Tensor) -> tuple[Tensor, str] | None:
        """Rows of tokens that are known on both sides."""
        if len(self.tokens_before) != len(old) or len(self.tokens_after) != len(new):
            return None
        place = {token: row for row, token in enumerate(self.tokens_before)}
        pairs = [(row, place[token]) for row, token in enumerate(self.tokens_after) if token in place]
        if not pairs:
            return None
        here, there = (torch.tensor(each, device=old.device) for each in zip(*pairs, strict=True))
        filled = new.clone()
        filled[here.to(new.device)] = old[there].to(new)
        return filled, f"{len(pairs)} of {len(new)} tokens known there, the others new"

    def _channels(self, old: Tensor, new: Tensor) -> tuple[Tensor, str] | None:
        """The first layer of an image of other channels: a convolution, or a dense layer of its patches."""
        before, after = self._image(self.before), self._image(self.after)
        if before is None or after is None or old.shape[0] != new.shape[0]:
            return None
        many, few = before.sizes[0], after.sizes[0]
        per, rest = divmod(math.prod(old.shape[1:]), many)
        if many == few or rest or per * few != math.prod(new.shape[1:]):
            return None
        apart = old.reshape(len(old), many, per)
        if few == 1:
            made, how = apart.sum(1, keepdim=True), f"summed over {many} channels"
        else:
            made = apart[:, [channel % many for channel in range(few)]] * (many / few)
            how = f"{many} channels repeated to {few}"
        return made.reshape(new.shape).to(new), how

    @staticmethod
    def _image(signals: Mapping[str, Signal]) -> Signal | None:
        """The only image among the inputs."""
        found = [signal for signal in signals.values() if signal.kind == "image"]
        return found[0] if len(found) == 1 else None


def _rows(old: Tensor, new: Tensor) -> tuple[Tensor, str]:
    """Positions of a sequence, from its beginning."""
    kept = min(len(old), len(new))
    filled = new.clone()
    filled[:kept] = old[:kept].to(new)
    more = len(new) - kept
    return filled, f"{len(old)} rows, {more} new behind" if more else f"the first {kept} rows of {len(old)}"


def _sides(count: int, image: Signal) -> tuple[int, int] | None:
    """Rows and columns of so many patches, if these are squares; None if they can't be."""
    height, width = image.sizes[1:]
    rows = round(math.sqrt(max(0, count) * height / width))
    columns = count // rows if rows else 0
    return (rows, columns) if rows * columns == count > 0 and rows * width == height * columns else None


def _tokens(columns: Mapping[str, Mapping[str, Any]], signals: Mapping[str, Signal]) -> tuple[str, ...]:
    """The text of every token, by number, of the only column that has a vocabulary; () if there are none or several.

    What stands before the vocabulary (padding, unknown) is called by its number.
    """
    lists = [state["vocabulary"] for state in columns.values() if isinstance(state.get("vocabulary"), list)]
    sizes = [signal.known["vocabulary"] for signal in signals.values() if "vocabulary" in signal.known]
    if len(lists) != 1 or len(sizes) != 1 or sizes[0] < len(lists[0]):
        return ()
    return (*(f"\0{number}" for number in range(sizes[0] - len(lists[0]))), *map(str, lists[0]))
