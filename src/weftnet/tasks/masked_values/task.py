"""Masked values: pieces of an image, a series or a table are hidden, and told from the rest.

    hidden: of the pieces of each example a `share`, other ones at every step; one at least, never all
    y = network(x with zeros, the mean, for what is hidden)
    loss = mean (x − y)² over the hidden values of each example, in the standardised space

A piece is a square of an image, a stretch of a series or of sound, a column of a table (`_pieces.py`). A network that
has learnt this from many examples without labels knows what belongs together: a classifier starts from it. Its error
is an anomaly score too, and an answer tells every value from the others (`infer.py`).

Sources: K. He and others, Masked autoencoders are scalable vision learners, 2022, https://arxiv.org/abs/2111.06377;
with one network that reads the hidden places too, and tells pixels by one layer: Z. Xie and others, SimMIM, 2022,
https://arxiv.org/abs/2111.09886; series: Y. Nie and others, PatchTST, 2023, https://arxiv.org/abs/2211.14730.
Differs from them: zeros stand for what is hidden instead of a learnt vector, so that any network can read it; squares
as SimMIM's loss has them instead of absolute values, as MAE's.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Block, Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.outputs import Outputs, chosen
from weftnet.errors import DataError, SettingError
from weftnet.metrics._metric import Metric, On
from weftnet.metrics.mean import Mean
from weftnet.tasks._examples import example, example_signal, pixels_of
from weftnet.tasks._heads import to_signal
from weftnet.tasks._task import NO_TARGET, Task
from weftnet.tasks.masked_values._pieces import pieces

#: kinds of inputs, and the axis along which a patch is measured
_KINDS = {"image": ("height", "width"), "series": ("time",), "wave": ("time",), "vector": ()}
#: patches along the shortest side of an example, unless a setting says otherwise
_PATCHES = 8


@dataclass(frozen=True)
class MaskedValues(Task):
    """One network from an example with gaps to the whole example.

    Args:
        signal: of an example, as `image:3x32x32`, `series:96x7` or `vector:13`.
        share: of the pieces that are hidden, in (0, 1).
        patch: pixels of a hidden square's side, or steps of a hidden stretch; `from_data` takes an eighth of the
            shortest side.
        widths: of the columns of a table.
        mean: of each channel of an image, in [0, 1].
        scale: standard deviation of each channel.
    """

    signal: str
    share: float = 0.6
    patch: int = 1
    widths: list[int] = field(default_factory=list)
    mean: list[float] | None = None
    scale: list[float] | None = None

    recipe_defaults: ClassVar[Mapping[str, Any]] = {"keep": "last", "patience": None}
    score: ClassVar[str] = "error"

    def __post_init__(self) -> None:
        where = "task masked_values"
        signal = example_signal(self.signal, self.mean, self.scale, where)
        if not 0 < self.share < 1:
            raise SettingError("share is out of range", where=where, expected="0 < share < 1", got=str(self.share))
        if self.patch < 1:
            raise SettingError("patch is too small", where=where, expected="at least 1", got=str(self.patch))
        if signal.kind not in _KINDS:
            raise SettingError("nothing can be hidden", where=where, expected=", ".join(_KINDS), got=self.signal)
        if int(pieces(signal.sizes, self.patch, self.widths).max()) < 1:
            fix = "a smaller patch: --task-set patch=1" if signal.kind != "vector" else ""
            raise SettingError(
                "there is a single piece, which would be hidden whole", where=where, got=str(self.patch), fix=fix
            )

    @classmethod
    def suits(cls, data: Data) -> float:
        """Possible for examples of floats without a target, where nothing else is meant."""
        signals = list(data.signals.values())
        return 0.1 * (data.target is None and len(signals) == 1 and _can_be_hidden(signals[0]))

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "MaskedValues":
        """The task for data with one input of floats; a target, if there is one, is not looked at.

        Raises:
            DataError: there are several inputs, or it is not made of floats.
        """
        signals = list(data.signals.values())
        if len(signals) != 1 or not _can_be_hidden(signals[0]):
            got = ", ".join(f"{name}: {signal}" for name, signal in data.signals.items())
            expected = f"one input of floats ({', '.join(_KINDS)})"
            fix = "words are hidden by --task masked" if any("vocabulary" in each.known for each in signals) else ""
            raise DataError("pieces of one input are hidden", where=data.name, expected=expected, got=got, fix=fix)
        (signal,) = signals
        learnt: dict[str, Any] = {"signal": signal.text(), "widths": list(signal.about.columns)}
        if sides := [signal.size(axis) for axis in _KINDS[signal.kind]]:
            learnt["patch"] = max(1, min(sides) // _PATCHES)
        return cls(**{**learnt, **pixels_of(data, signal), **settings})

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """The shape of an example: pixels or steps of a smaller output become squares or stretches of values each.

        Raises:
            ArchitectureError: the output has no such shape.
        """
        whole = parse(self.signal)
        if gives.dtype == "float" and gives.axes == whole.axes and gives.sizes[1:] != whole.sizes[1:]:
            rows, columns = (
                (whole.size(a) / gives.size(a) for a in ("height", "width")) if whole.kind == "image" else (0, 0)
            )
            if rows == columns and rows == int(rows) and rows > 1:
                size, channels = int(rows), whole.size("channels")
                spread = Block("conv2d", {"channels": channels * size**2, "kernel": 1})
                return (spread, Block("depth_to_space2d", {"size": size}))
        if gives.dtype == "float" and gives.axes == whole.axes == ("time", "dim"):
            steps, rest = divmod(whole.size("time"), gives.size("time"))
            if steps > 1 and not rest:
                values = Block("dense", {"dim": steps * whole.size("dim")})
                return (values, Block("reshape", {"shape": list(whole.sizes)}))
        return to_signal(part, gives, last_block, replace(whole, dtype="float"))

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """The mean square of what is told wrong, in the standardised space."""
        yield "network", self.errors(model, batch, generator).mean()

    def metrics(self) -> list[Metric]:
        """The same, over the examples."""
        return [On("error", Mean("min", "").called("error"))]

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Outputs, Tensor]]:
        """`error` of each example (batch), with the same pieces hidden every time."""
        generator = torch.Generator().manual_seed(0)
        for batch in batches:
            yield {"error": self.errors(model, batch, generator)}, NO_TARGET

    def errors(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Tensor:
        """mean (x − y)² over the hidden values of each example (batch)."""
        x, hidden = example(batch), self.hide(batch, generator)
        return over_hidden((x - self.told(model, batch, hidden)).square(), hidden)

    def told(self, model: nn.ModuleDict, batch: Batch, hidden: Tensor) -> Tensor:
        """The whole examples, as the network tells them without what is hidden."""
        ((name, x),) = batch.inputs.items()
        return chosen(model["network"]({name: x.masked_fill(hidden, 0.0)}, batch.masks))

    def hide(self, batch: Batch, generator: torch.Generator) -> Tensor:
        """Which values are hidden: (batch, 1, height, width), (batch, time, 1) or (batch, dim)."""
        ((name, x),) = batch.inputs.items()
        place = torch.from_numpy(pieces(x.shape[1:], self.patch, self.widths)).to(x.device)
        count = int(place.max()) + 1
        luck = torch.rand((len(x), count), generator=generator, device=generator.device).to(x.device)
        real = torch.ones_like(luck, dtype=torch.bool)
        if (mask := batch.masks.get(name)) is not None:  # a piece counts where its first step does
            real = mask[:, :: self.patch]
        rank = luck.masked_fill(~real, 2.0).argsort(1).argsort(1)
        there = real.sum(1, keepdim=True)
        some = (self.share * there).round().clamp(min=1).minimum((there - 1).clamp(min=1))
        hidden = ((rank < some) & real)[:, place]
        return hidden if mask is None else hidden & mask[:, :, None]


def over_hidden(values: Tensor, hidden: Tensor) -> Tensor:
    """The mean of each example's values (batch, …) where they are hidden: (batch)."""
    return (values * hidden).flatten(1).sum(1) / hidden.expand_as(values).flatten(1).sum(1)


def _can_be_hidden(signal: Signal) -> bool:
    return signal.dtype == "float" and signal.kind in _KINDS
