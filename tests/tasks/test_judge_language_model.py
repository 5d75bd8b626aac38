"""The judge of a language model: nats against loops, windows of a text and texts of different lengths."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from judging import figures
from torch import nn

from weftnet.base.figures import Lines
from weftnet.data.batch import Batch
from weftnet.tasks import JUDGES
from weftnet.tasks._judgement import Answered, Judgement
from weftnet.tasks.language_model.task import LanguageModel

WORDS, TIME = 5, 6
TASK = LanguageModel(WORDS, TIME)


class Given(nn.Module):
    """The same logits whatever it reads."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.logits = logits

    def forward(self, inputs: Any, masks: Any) -> torch.Tensor:
        return self.logits[: len(inputs["x"])]


class Texts:
    """Data of one batch for each split; padded texts, or windows with the tokens that follow as target."""

    name = "texts"
    sizes = {"train": 4, "validation": 0, "test": 3}  # noqa: RUF012
    signals = {}  # noqa: RUF012

    def __init__(self, padded: bool) -> None:
        rng = np.random.default_rng(1)
        self.lengths = rng.integers(2, TIME + 1, 4) if padded else None
        self.tokens = torch.from_numpy(rng.integers(0, WORDS, (4, TIME + 1)))
        self.logits = torch.from_numpy(rng.normal(size=(4, TIME, WORDS)))

    def batches(self, split: str, size: int) -> Any:
        n = self.sizes[split]
        if self.lengths is None:
            yield Batch({"x": self.tokens[:n, :-1]}, {}, {"next": self.tokens[:n, 1:]}, torch.arange(n))
        else:
            mask = torch.arange(TIME) < torch.from_numpy(self.lengths[:n])[:, None]
            yield Batch({"x": self.tokens[:n, :-1]}, {"x": mask}, {}, torch.arange(n))

    def judgement(self) -> Judgement:
        model = nn.ModuleDict({"network": Given(self.logits)})
        answered = Answered(self, "test", lambda batch: {}, model)  # type: ignore[arg-type]  # has what a judge reads
        judgement: Judgement = JUDGES.get("language_model")(TASK, answered)
        return judgement

    def following(self, row: int) -> list[int]:
        """The tokens that are predicted, in order."""
        tokens = self.tokens[row].tolist()
        return tokens[1:] if self.lengths is None else tokens[1 : int(self.lengths[row])]


@pytest.mark.parametrize("padded", [False, True])
def test_nats_by_place_are_loops(padded: bool) -> None:
    texts = Texts(padded)
    by_place: dict[int, list[float]] = {}
    for row in range(3):
        for place, token in enumerate(texts.following(row)):
            logits = texts.logits[row, place].tolist()
            nats = math.log(sum(map(math.exp, logits))) - logits[token]
            by_place.setdefault(place + 1, []).append(nats)
    judgement = texts.judgement()
    (lines,) = (each for each in figures(judgement, "Errors") if isinstance(each, Lines))
    wanted = [(place, np.mean(nats)) for place, nats in by_place.items()]
    np.testing.assert_allclose(lines.curves["nats per token"], wanted)
    every = [nats for of_place in by_place.values() for nats in of_place]
    assert judgement.interval is not None
    assert judgement.interval.low < np.mean(every) < judgement.interval.high


@pytest.mark.parametrize("padded", [False, True])
def test_the_baseline_counts_the_tokens_of_training(padded: bool) -> None:
    texts = Texts(padded)
    counts = np.bincount([token for row in range(4) for token in texts.following(row)], minlength=WORDS) + 1
    wanted = np.mean([-math.log(counts[token] / counts.sum()) for row in range(3) for token in texts.following(row)])
    baseline = texts.judgement().baseline
    assert baseline is not None
    assert baseline.score == pytest.approx(wanted)
