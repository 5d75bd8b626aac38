"""Compression of sound: what is decoded, the codes that it is made of as a file, and how many bits they take."""

import base64
from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.base.answers import Number
from weftnet.base.download import Download
from weftnet.base.wav import Sound, encoded
from weftnet.tasks.codec.file import SUFFIX, Codes, packed


class Answer(TypedDict):
    """The schema of an answer."""

    sound: Annotated[str, Sound()]
    seconds: Annotated[float, Number(unit="s")]
    bits: int
    bits_a_second: Annotated[float, Number(unit="bit/s")]
    codes: Annotated[str, Download(suffix=SUFFIX)]


def codec(outputs: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`sound`, a WAV file, its `seconds`, `bits` of its codes in all and a second, and `codes`, a file of them.

    Args:
        outputs: of `infer.py`.
        settings: `rate` and `scale` of the task.
    """
    rate, answers = int(settings["rate"]), []
    for wave, real, codes, total in zip(*(outputs[name] for name in ("wave", "real", "codes", "bits")), strict=True):
        y, used, bits = (
            wave[real].astype(np.float64) * settings["scale"],
            codes[codes[:, 0] >= 0],
            round(float(total[0])),
        )
        content = packed(Codes(rate, len(y), used.astype(np.int64)), bits // max(used.size, 1) or 1)
        answers.append({
            "sound": encoded(y, rate), "seconds": len(y) / rate, "bits": bits,
            "bits_a_second": bits * rate / len(y), "codes": base64.b64encode(content).decode(),
        })  # fmt: skip
    return answers
