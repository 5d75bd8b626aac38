"""Variational autoencoder: how badly an example is explained, its code, and its reconstruction.

    error = mean over the codes z of −log p(x | decoder(z)), plus KL = ½ Σ (m² + exp(v) − 1 − v)       in nats

With drawn codes this is minus the bound (ELBO) in expectation, with the mean code alone an approximation of it. The
higher it is, the less the example is like the training data: an anomaly score (An & Cho, 2015, Variational autoencoder
based anomaly detection using reconstruction probability). The likelihood is that of `task.py`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.base.answers import Number, Picture
from weftnet.tasks._reconstruction import pixels, shown


class Answer(TypedDict):
    """The schema of an answer: an image is reconstructed as a picture, anything else as standardised values."""

    error: Annotated[float, Number(unit="nats")]
    latent: list[float]
    picture: NotRequired[Annotated[str, Picture()]]
    values: NotRequired[list[float]]


def variational_autoencoder(outputs: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`error` in nats, the mean code `latent`, and the reconstruction as `picture` or `values`.

    Args:
        outputs: of `infer.py`: reconstruction (batch, …), example (batch, …), mean and log_variance (batch, latent),
            drawn (batch, draws, …).
        settings: `likelihood`, `deviation`, `mean` and `scale` of the task.
    """
    m, v = (outputs[name].astype(np.float64) for name in ("mean", "log_variance"))
    x, drawn = outputs["example"].astype(np.float64), outputs["drawn"].astype(np.float64)
    error = (m**2 + np.exp(v) - 1 - v).sum(1) / 2 - _log_likelihood(x[:, None], drawn, settings).mean(1)
    named = zip(error.tolist(), m.tolist(), outputs["reconstruction"], strict=True)
    return [{"error": each, "latent": code, **_drawn(y, settings)} for each, code, y in named]


def _log_likelihood(x: NDArray[Any], y: NDArray[Any], settings: Mapping[str, Any]) -> NDArray[np.float64]:
    """log p(x | y), (batch, draws), of examples (batch, 1, …) from the decoder's outputs (batch, draws, …)."""
    if settings["likelihood"] == "bernoulli":
        p = np.clip(pixels(x, settings), 0, 1)
        log_p = -(p * np.logaddexp(0, -y) + (1 - p) * np.logaddexp(0, y))
    else:
        s = settings["deviation"]
        log_p = -(((x - y) / s) ** 2) / 2 - np.log(s * np.sqrt(2 * np.pi))
    total: NDArray[np.float64] = log_p.reshape(*log_p.shape[:2], -1).sum(2)
    return total


def _drawn(y: NDArray[Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """A reconstruction: a picture if it is an image of one or three channels."""
    if settings["mean"] is None:
        return shown(y, None)
    y = y.astype(np.float64)
    return shown(y, np.exp(-np.logaddexp(0, -y)) if settings["likelihood"] == "bernoulli" else pixels(y, settings))
