"""Data made of one long text: windows of it, and as target the same windows one character on.

    tokens = text[start : start + context]        target = text[start + 1 : start + context + 1]

The first 90 % train, the last 10 % validate, as in nanoGPT, unless `splits` says otherwise, such as
`{"train": 0.9, "validation": 0.05, "test": 0.05}`. Training windows start anywhere; evaluation reads a split in
adjacent windows (a remainder shorter than a window is left out). An epoch has as many windows as there are adjacent
ones in the training split.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from weftnet.data.batch import Batch, fits, moved
from weftnet.data.data import Data, known_split
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds._state import name_of
from weftnet.data.kinds.characters import Characters
from weftnet.data.order import draws
from weftnet.data.splits import SPLITS, SplitSpec
from weftnet.errors import DataError, SettingError

SHARES = {"train": 0.9, "validation": 0.1, "test": 0.0}


class WindowData(Data):
    """Windows of a text.

    Args:
        tokens: (length,) the whole text, encoded.
        kind: the fitted characters.
        spans: first and past-the-last position of each split.
        state: what `state()` returns.
        name: short name.
    """

    def __init__(
        self,
        tokens: Tensor,
        kind: Characters,
        spans: Mapping[str, tuple[int, int]],
        state: Mapping[str, Any],
        name: str,
    ) -> None:
        self.name, self.source, self.fingerprint = name, state["source"], state["fingerprint"]
        self._kind: Kind = kind
        self.target = kind
        self.signals = {"tokens": kind.signal}
        self._tokens, self._spans, self._state = tokens, spans, dict(state)
        self._steps = torch.arange(kind.context + 1)
        self.sizes = {split: len(self.rows(split)) for split in SPLITS}
        self.signals = {"tokens": kind.signal.with_rows(self.sizes["train"])}
        self.notes: list[str] = []
        for split, (start, end) in spans.items():
            if end > start and not self.sizes[split]:
                raise DataError(
                    f"the {split} split is shorter than one window",
                    where=self.source,
                    expected=f"at least {kind.context + 1} characters",
                    got=f"{end - start}",
                    fix="a longer text, a shorter context, or other splits",
                )
        if unknown := int((tokens == 0).sum()):
            self.notes.append(f"{unknown} characters do not occur in the training split and are read as unknown")

    def rows(self, split: str) -> Tensor:
        """Where the adjacent windows of a split start."""
        start, end = self._spans[known_split(split)]
        context = self.signals["tokens"].sizes[0]
        return start + context * torch.arange(max(0, (end - start - 1) // context))

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        """Windows that start anywhere in the training split."""
        size = min(batch_size, self.sizes["train"]) if self.steps_per_epoch(batch_size) else 0
        start, end = self._spans["train"]
        places = draws(size, "windows", seed, step) % np.uint64(end - start - self.signals["tokens"].sizes[0])
        return self._batch(start + torch.from_numpy(places.astype(np.int64)))

    def batches(self, split: str, batch_size: int) -> Iterator[Batch]:
        """A split's windows in order, the last batch short."""
        for rows in torch.split(self.rows(split), batch_size):
            if len(rows):
                yield self._batch(rows)

    def to(self, device: torch.device | str) -> "WindowData":
        """The same data with the text on a device, if it fits there."""
        device = torch.device(device)
        if not fits([self._tokens], device):
            return self
        there = copy.copy(self)
        there._tokens, there._steps = self._tokens.to(device), self._steps.to(device)
        return there

    def encode(self, raw: Any) -> Batch:
        """A text, or texts of equal length (a prompt), as a batch without target."""
        texts = [raw] if isinstance(raw, str) else list(raw)
        return Batch(
            {"tokens": torch.from_numpy(np.stack([self._kind.encode(text) for text in texts]))},
            {},
            {},
            torch.arange(len(texts)),
        )

    def state(self) -> dict[str, Any]:
        """Settings, vocabulary and the content's fingerprint."""
        return dict(self._state)

    def _batch(self, rows: Tensor) -> Batch:
        rows = moved(rows, self._tokens.device)
        windows = self._tokens[rows[:, None] + self._steps]
        return Batch({"tokens": windows[:, :-1].contiguous()}, {}, {"next": windows[:, 1:].contiguous()}, rows)


def open_windows(
    text: str,
    source: str,
    name: str,
    fingerprint: str,
    splits: SplitSpec,
    state: Mapping[str, Any] | None,
    context: int,
    fitted: Mapping[str, Any] | None = None,
) -> WindowData:
    """Split, fit and encode a text; with a state, encode as it says (another text becomes the test split).

    With characters that were fitted before, these keep their numbers; only the context is this text's own.
    """
    spans = _spans(len(text), splits)
    if state is None:
        try:
            kind = Characters(context=context)
        except ValueError as fault:
            raise SettingError(str(fault), where=source) from None
        if fitted is None or fitted.get("kind") != name_of(Characters):
            kind = kind.fit(text[slice(*spans["train"])])
        else:
            kind = Characters.from_state({**fitted, "context": context})
    else:
        kind = Characters.from_state(state["preprocessing"]["columns"]["tokens"])
        if fingerprint != state["fingerprint"]:
            spans = {"train": (0, 0), "validation": (0, 0), "test": (0, len(text))}
    settings = {
        "form": WindowData.form(),
        "source": source,
        "fingerprint": fingerprint,
        "target": None,
        "splits": splits,
        "seed": 0,
        "options": {"context": kind.context},
        "preprocessing": {"columns": {"tokens": kind.state()}, "target": kind.state()},
    }
    return WindowData(torch.from_numpy(kind.encode(text)), kind, spans, settings, name)


def _spans(length: int, splits: SplitSpec) -> dict[str, tuple[int, int]]:
    shares = dict.fromkeys(SPLITS, 0.0) | dict(SHARES if splits is None or isinstance(splits, str) else splits)
    numbers = all(isinstance(share, int | float) and 0 <= share <= 1 for share in shares.values())
    if isinstance(splits, str) or set(shares) != set(SPLITS) or not numbers or abs(sum(shares.values()) - 1) > 1e-9:
        raise SettingError(
            "a text is split in order, by shares of train, validation and test that add up to 1",
            where="splits",
            expected="{'train': 0.9, 'validation': 0.1}",
            got=repr(splits),
        )
    edges = [0, int(length * shares["train"]), int(length * (shares["train"] + shares["validation"]) + 1e-6), length]
    if not shares["test"]:
        edges[2] = length
    return {split: (edges[number], edges[number + 1]) for number, split in enumerate(SPLITS)}
