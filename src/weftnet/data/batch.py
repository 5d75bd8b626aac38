"""A batch: the input of a step of training or evaluation.

Inputs and targets are named values, each with a mask where it is padded. They are held as two mappings, the values and
the masks, since that is how a network is called: `network(batch.inputs, batch.masks)`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from weftnet.architecture.signal import Signal
from weftnet.data.encoded import Encoded
from weftnet.data.kinds._kind import Masked
from weftnet.errors import DataError

#: examples that pass through a network together where nothing but answers is wanted, and values of theirs: activations
#: of photos take many times the memory of what is read, and more of them at once are no faster
MOST, VALUES = 512, 2**21


def at_once(signals: Mapping[str, Signal]) -> int:
    """How many examples of these inputs pass through a network together, where nothing but answers is wanted."""
    values = sum(signal.numel for signal in signals.values())
    return max(1, min(MOST, VALUES // max(values, 1)))


@dataclass(frozen=True)
class Batch:
    """Some rows of the data, encoded. The first axis of every tensor is the batch.

    Args:
        inputs: encoded values by input name.
        masks: of padded inputs only: (batch, time), True where a step is real.
        targets: encoded values by target name; {} where there is nothing to compare with.
        rows: (batch,) the rows' numbers in the source; of text, the windows' first characters.
        epoch: completed passes over the training split.
        target_masks: of padded targets only, and of those of which a part is unknown: True where a value counts.
    """

    inputs: dict[str, Tensor]
    masks: dict[str, Tensor]
    targets: dict[str, Tensor]
    rows: Tensor
    epoch: int = 0
    target_masks: dict[str, Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, encoded: Encoded) -> "Batch":
        """The tensors of encoded rows, without targets; they share the arrays' memory."""
        return cls(
            {name: torch.from_numpy(values) for name, values in encoded.inputs.items()},
            {name: torch.from_numpy(mask) for name, mask in encoded.masks.items()},
            {},
            torch.from_numpy(encoded.rows),
        )

    @property
    def size(self) -> int:
        """Examples in this batch."""
        return len(self.rows)

    @property
    def target(self) -> Tensor:
        """The only target.

        Raises:
            DataError: there is none, or there are several.
        """
        return self.targets[self._only_target]

    @property
    def target_mask(self) -> Tensor | None:
        """The mask of the only target, if it has one.

        Raises:
            DataError: there is no target, or there are several.
        """
        return self.target_masks.get(self._only_target)

    @property
    def _only_target(self) -> str:
        if len(self.targets) != 1:
            what = "the batch has several targets" if self.targets else "the batch has no target"
            raise DataError(what, expected="the target of every example", got=", ".join(self.targets))
        return next(iter(self.targets))

    def slice(self, start: int, end: int) -> "Batch":
        """Its rows from `start` up to `end`."""
        return self._each(lambda tensor: tensor[start:end])

    def at(self, places: Tensor) -> "Batch":
        """The examples at these places."""
        return self._each(lambda values: values[places])

    @classmethod
    def together(cls, batches: Sequence["Batch"]) -> "Batch":
        """The examples of several batches, in memory of their own; padded ones as long as the longest."""

        def joined(several: list[Tensor]) -> Tensor:
            longest = max(each.shape[1:2] for each in several)
            joint = several[0].new_zeros(sum(map(len, several)), *longest, *several[0].shape[2:])
            start = 0
            for each in several:
                joint[(slice(start, start := start + len(each)), *map(slice, each.shape[1:2]))] = each
            return joint

        def all_of(field: str) -> dict[str, Tensor]:
            return {name: joined([getattr(each, field)[name] for each in batches]) for name in getattr(first, field)}

        first, rows = batches[0], torch.cat([each.rows for each in batches])
        return cls(
            all_of("inputs"), all_of("masks"), all_of("targets"), rows, first.epoch, all_of("target_masks")
        )  # fmt: skip

    def to(self, device: torch.device | str) -> "Batch":
        """The same batch on another device, or itself if it is there already; copies to a GPU are asynchronous."""
        if self.rows.device == (device := torch.device(device)):
            return self
        return self._each(lambda tensor: moved(tensor, device))

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        """The batch with every tensor changed."""
        inputs, masks, targets, target_masks = (
            {name: change(values) for name, values in named.items()}
            for named in (self.inputs, self.masks, self.targets, self.target_masks)
        )
        return Batch(inputs, masks, targets, change(self.rows), self.epoch, target_masks)


def trimmed(kind: Masked, values: Tensor) -> tuple[Tensor, Tensor]:
    """Targets (n, time, …) and their mask; of a kind that trims its rows, both cut to the longest of them."""
    mask = torch.from_numpy(kind.mask(values.numpy()))
    if not getattr(kind, "trim", False):
        return values, mask
    used = mask.flatten(2).any(2).any(0) if mask.dim() > 2 else mask.any(0)
    longest = int(used.nonzero().max()) + 1 if used.any() else 1
    return values[:, :longest].contiguous(), mask[:, :longest].contiguous()


def moved(values: Tensor, device: torch.device) -> Tensor:
    """Values on a device; pinned first for a GPU, as a copy from pageable memory would wait until it is idle."""
    if device.type != "cuda" or values.device.type != "cpu":
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)


def fits(tensors: Iterable[Tensor], device: torch.device) -> bool:
    """Whether tensors take at most a third of the free memory of a GPU; on other devices always true."""
    if device.type != "cuda":
        return True
    return sum(tensor.nbytes for tensor in tensors) <= torch.cuda.mem_get_info(device)[0] // 3
