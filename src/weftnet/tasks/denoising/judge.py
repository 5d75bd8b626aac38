"""Denoising, judged: how many decibels are gained, by how noisy a recording was, and recordings to listen to.

interval   of the mean gain in SI-SDR: bootstrap over the recordings, with the noise of the score
baseline   the noisy recording itself, which gains nothing
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weftnet.base.figures import Figure, Group, Histogram, Paragraph, Scatter, Sound
from weftnet.data.batch import Batch
from weftnet.errors import DataError
from weftnet.metrics.si_sdr import si_sdr
from weftnet.tasks._judgement import Answered, Baseline, Bounds, Case, Judgement, Section, Worst
from weftnet.tasks._resampling import bootstrapped_mean
from weftnet.tasks._waves import cut
from weftnet.tasks.denoising.task import Denoising

#: recordings to listen to, and the worst ones
_HEARD, _WORST = 3, 5
_ABOVE = "Each point is a recording: above the line it is better than before."
Floats = NDArray[np.float64]


def denoising(task: Denoising, answered: Answered) -> Judgement:
    """The judgement of a split.

    Raises:
        DataError: it has no recordings.
    """
    rows: list[int] = []
    before, after, heard, generator = [], [], {}, torch.Generator().manual_seed(0)
    with torch.inference_mode():
        for batch in answered.batches():
            noisy, y, clean = _answer(task, answered, batch, generator)
            before.append(si_sdr(noisy, clean).cpu())
            after.append(si_sdr(y, clean).cpu())
            for place in range(batch.size):
                heard[len(rows)] = tuple(each[place] for each in (noisy, y, clean))
                rows.append(int(batch.rows[place]))
                _forget(heard, torch.cat(after) - torch.cat(before), len(rows))
    if not rows:
        raise DataError("there is nothing to judge", where=answered.data.name, got=f"no {answered.split} examples")
    noisy_db, clean_db = torch.cat(before).numpy(), torch.cat(after).numpy()
    gain = clean_db - noisy_db
    order = np.argsort(gain, kind="stable")
    bounds = bootstrapped_mean(gain)
    some = tuple(_listen(task, heard[place]) for place in range(min(_HEARD, len(rows))))
    worst = tuple(
        Case(int(i), rows[i], (Paragraph(f"{gain[i]:+.1f} dB, to {clean_db[i]:.1f} dB"), _listen(task, heard[int(i)])))
        for i in order[:_WORST]
    )
    return Judgement(
        interval=Bounds(*bounds, "bootstrap, over the recordings") if bounds else None,
        baseline=Baseline(0.0, "the noisy recording itself"),
        sections=(Section("To listen to", some), Section("Errors", _errors(noisy_db, clean_db))),
        worst=Worst(worst, "recordings that gained least", best=int(order[-1])),
    )


def _answer(
    task: Denoising, answered: Answered, batch: Batch, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """The noisy waves, the answers and the clean waves (batch, time, 1), all zero at padding."""
    read, clean, mask = task.mixed(batch, generator)
    y = cut(answered.model["network"](read.inputs, read.masks), mask, clean.shape[1])
    (x,) = read.inputs.values()
    return cut(x, mask, clean.shape[1]), y, clean


def _forget(heard: dict[int, tuple[Tensor, ...]], gain: Tensor, count: int) -> None:
    """Keep the first recordings and those that gained least so far."""
    least = set(np.argsort(gain[:count].numpy(), kind="stable")[:_WORST].tolist())
    for place in [each for each in heard if each >= _HEARD and each not in least]:
        del heard[place]


def _listen(task: Denoising, waves: tuple[Tensor, ...]) -> Group:
    """A recording with its noise, as it was answered, and clean."""
    names = ("with noise", "answered", "clean")
    scales = (task.read, task.scale, task.scale)
    sounds = [each[:, 0].double().cpu().numpy() * scale for each, scale in zip(waves, scales, strict=True)]
    loud = max(1.0, max(float(np.abs(each).max()) for each in sounds))
    return Group(tuple(Sound(each / loud, task.rate, name) for name, each in zip(names, sounds, strict=True)))


def _errors(before: Floats, after: Floats) -> tuple[Figure, ...]:
    worse = int((after < before).sum())
    told = f"{worse} of {len(after)} recordings are worse than before."
    return (
        Group((
            Histogram(after - before, "gain in dB", "How much better a recording became: left of 0 it became worse."),
            Scatter(before, after, "SI-SDR before, dB", "SI-SDR after, dB", _ABOVE),
        )),
        Paragraph(told),
    )  # fmt: skip
