"""Denoising: the clean wave, and how much was taken away."""

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.base.answers import Number
from weftnet.base.wav import Sound, encoded


class Answer(TypedDict):
    """The schema of an answer."""

    sound: Annotated[str, Sound()]
    seconds: Annotated[float, Number(unit="s")]
    removed: Annotated[float, Number(unit="dB")]


def denoising(outputs: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`sound`, a WAV file, its `seconds`, and `removed`, the decibels of what was taken away over what is left.

    Args:
        outputs: of `infer.py`.
        settings: `rate`, `scale` and `read` of the task.
    """
    rate, answers = int(settings["rate"]), []
    for wave, noisy, real in zip(outputs["wave"], outputs["noisy"], outputs["real"], strict=True):
        y, x = (np.asarray(each[real], np.float64) for each in (wave * settings["scale"], noisy * settings["read"]))
        gone = 10 * np.log10((np.square(x - y).sum() + 1e-12) / (np.square(y).sum() + 1e-12))
        answers.append({"sound": encoded(y, rate), "seconds": len(y) / rate, "removed": float(gone)})
    return answers
