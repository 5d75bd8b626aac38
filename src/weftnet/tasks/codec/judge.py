"""Compression of sound, judged: how much of a recording is left, which codes are used, and recordings to listen to.

interval   of the mean SI-SDR: bootstrap over the recordings
baseline   a cosine transform of each frame, of which the largest values are kept: as many as the frame's bits tell,
           at ⌈log₂ samples⌉ bits for the place of each and 8 for its size
"""

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weftnet.base.figures import Figure, Group, Histogram, Paragraph, Sound, Table
from weftnet.errors import DataError
from weftnet.metrics.si_sdr import si_sdr
from weftnet.tasks._judgement import Answered, Baseline, Bounds, Case, Judgement, Section, Worst
from weftnet.tasks._resampling import bootstrapped_mean
from weftnet.tasks._waves import cut
from weftnet.tasks.codec._halves import CODES
from weftnet.tasks.codec.task import Codec

#: recordings to listen to, and the worst ones
_HEARD, _WORST = 3, 5
_LEFT = "What is left of a recording: the further right, the nearer to it; those far to the left are lost."
_SIZE_BITS = 8


@dataclass
class _Seen:
    """What is kept of a split."""

    rows: list[int] = field(default_factory=list)
    decibels: list[float] = field(default_factory=list)
    simple: list[float] = field(default_factory=list)
    heard: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)
    codes: list[NDArray[np.int64]] = field(default_factory=list)

    def forget(self) -> None:
        """Keep the first recordings and the worst so far."""
        least = set(np.argsort(self.decibels, kind="stable")[:_WORST].tolist())
        for place in [each for each in self.heard if each >= _HEARD and each not in least]:
            del self.heard[place]


def codec(task: Codec, answered: Answered) -> Judgement:
    """The judgement of a split.

    Raises:
        DataError: it has no recordings.
    """
    seen = _seen(task, answered)
    if not seen.rows:
        raise DataError("there is nothing to judge", where=answered.data.name, got=f"no {answered.split} examples")
    decibels = np.array(seen.decibels)
    order, bounds = np.argsort(decibels, kind="stable"), bootstrapped_mean(decibels)
    some = tuple(_listen(task, *seen.heard[place]) for place in range(min(_HEARD, len(decibels))))
    worst = tuple(
        Case(int(i), seen.rows[i], (Paragraph(f"{decibels[i]:.1f} dB"), _listen(task, *seen.heard[int(i)])))
        for i in order[:_WORST]
    )
    return Judgement(
        interval=Bounds(*bounds, "bootstrap, over the recordings") if bounds else None,
        baseline=Baseline(float(np.mean(seen.simple)), "the largest values of a cosine transform, at as many bits"),
        sections=(
            Section("To listen to", some),
            Section("Codes", _used(np.concatenate(seen.codes))),
            Section("Errors", (Histogram(decibels, "SI-SDR, dB", _LEFT),)),
        ),
        worst=Worst(worst, "recordings of which least is left", best=int(order[-1])),
    )


def _seen(task: Codec, answered: Answered) -> _Seen:
    """All recordings of the split, coded and decoded."""
    seen, passes = _Seen(), task.passes(answered.model)
    with torch.inference_mode():
        for batch in answered.batches():
            s, mask = task.true(batch)
            found = passes["encoder"](batch.inputs, batch.masks)
            codes = found[CODES]
            padding = {} if mask is None else {CODES: codes[:, :, 0] >= 0}
            y = cut(passes["decoder"]({CODES: codes}, padding), mask, s.shape[1])
            frames = (codes[:, :, 0] >= 0).sum(1)
            hop = -(-s.shape[1] // codes.shape[1])
            bits = int(found["bits"].sum() / frames.sum().clamp(min=1))
            simple = _transformed(s[:, :, 0].double(), hop, bits)
            seen.decibels += si_sdr(y, s).tolist()
            seen.simple += si_sdr(simple.unsqueeze(2), s).tolist()
            seen.codes.append(codes[codes[:, :, 0] >= 0].cpu().numpy())
            for place in range(batch.size):
                seen.heard[len(seen.rows)] = (s[place], y[place])
                seen.rows.append(int(batch.rows[place]))
            seen.forget()
    return seen


def _transformed(s: Tensor, hop: int, bits: int) -> Tensor:
    """Waves (batch, time) of the largest values of a cosine transform (DCT-II, orthonormal) of each frame."""
    batch, time = s.shape
    frames = torch.nn.functional.pad(s, (0, -time % hop)).reshape(batch, -1, hop)
    n = torch.arange(hop, dtype=s.dtype, device=s.device)
    basis = (2 / hop) ** 0.5 * (math.pi / hop * (n + 0.5) * n[:, None]).cos()
    basis[0] /= 2**0.5
    values = frames @ basis.T
    kept = min(hop, max(1, bits // (math.ceil(math.log2(max(hop, 2))) + _SIZE_BITS)))
    least = values.abs().topk(kept, dim=2).values[:, :, -1:]
    wave: Tensor = (torch.where(values.abs() >= least, values, 0.0) @ basis).reshape(batch, -1)
    return wave[:, :time]


def _listen(task: Codec, s: Tensor, y: Tensor) -> Group:
    """A recording, and what was decoded."""
    sounds = [each[:, 0].double().cpu().numpy() * task.scale for each in (s, y)]
    loud = max(1.0, max(float(np.abs(each).max()) for each in sounds))
    names = ("recording", "decoded")
    return Group(tuple(Sound(each / loud, task.rate, name) for name, each in zip(names, sounds, strict=True)))


def _used(codes: NDArray[np.int64]) -> tuple[Figure, ...]:
    """How many different codes each level uses in (positions, levels), and how evenly."""
    rows = []
    for level in range(codes.shape[1]):
        counts = np.unique(codes[:, level], return_counts=True)[1]
        shares = counts / counts.sum()
        rows.append((str(level + 1), len(counts), float(-(shares * np.log2(shares)).sum())))
    told = f"{len(codes)} positions. The bits are the entropy of a level's codes: what an entropy coder would need."
    return Table("levels", ("level", "codes in use", "bits"), tuple(rows)), Paragraph(told)
