"""What a question about a transcript computes: one pass, and the text that its steps spell (`_paths.py`).

Where a token lies is given in steps of the input: of n output steps over a recording of s samples, step t begins at
t · s / n. In a text that a beam found, each token lies where the likeliest path that spells it has it.
"""

from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.base.limits import exceeded, limit
from weftnet.errors import DataError
from weftnet.tasks._inference import Arrays, Run
from weftnet.tasks.transcription._paths import aligned, greedy, runs, searched


class Options(TypedDict, total=False):
    """What a question may ask.

    beam: beginnings of texts that are kept at each step; 1 takes the likeliest path.
    """

    beam: int


def transcription(
    run: Run, inputs: Arrays, masks: Arrays, settings: Mapping[str, Any], options: Options
) -> dict[str, NDArray[Any]]:
    """`tokens` (batch, steps), padded with 0; `begins`, `ends` and `certainty` of each, likewise; and `p`.

    `p`, the first, is (batch, steps, tokens) log-probabilities, 0 at padding. A token's certainty is the largest
    probability that it has at one of its steps.

    Raises:
        DataError: an option is out of range.
    """
    beam = options.get("beam", 1)
    if beam < 1:
        raise DataError("beam is out of range", where="options", expected="1 or more", got=str(beam))
    if beam > limit("tokens"):
        raise exceeded("tokens", "the beam is too wide", where="options: beam", got=str(beam))
    p: NDArray[Any] = next(iter(run("network", inputs, masks).values()))
    (values,) = inputs.values()
    step = values.shape[-1 if values.ndim == 4 else 1] / p.shape[1]
    given: dict[str, NDArray[Any]] = {"p": p, "tokens": np.zeros(p.shape[:2], np.int64)}
    given |= {name: np.zeros(p.shape[:2], np.float64) for name in ("begins", "ends", "certainty")}
    for row, whole in enumerate(p):
        real = whole[(whole != 0).any(1)]
        if not len(real):
            continue
        tokens, path = greedy(real)
        if beam > 1:
            tokens = searched(real, beam)
            path = aligned(real, tokens)
        spans, count = runs(path), len(tokens)
        given["tokens"][row, :count] = tokens
        given["begins"][row, :count], given["ends"][row, :count] = (spans * step).T
        for place, (token, (first, behind)) in enumerate(zip(tokens, spans, strict=True)):
            given["certainty"][row, place] = np.exp(float(real[first:behind, token].max()))
    return given
