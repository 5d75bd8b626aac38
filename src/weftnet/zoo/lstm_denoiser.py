"""A filter that changes from frame to frame: LSTMs hear a wave's frequencies and say what is kept of each.

    f = short-time Fourier transform of x,   g = W · lstm(layers, both ways)(norm(ln |f|)) + b
    y = inverse transform of f ⊙ σ(g)                      a gain for the real and the imaginary part of each frequency

Source: F. Weninger and others, Speech enhancement with LSTM recurrent neural networks and its application to
noise-robust ASR, 2015, https://doi.org/10.1007/978-3-319-22482-4_11; H. Erdogan and others, Phase-sensitive and
recognition-boosted speech separation using deep recurrent neural networks, 2015,
https://doi.org/10.1109/ICASSP.2015.7178061.
Differs: real and imaginary parts have gains of their own, and the loss is that of the wave.
Parameters: window 256, hidden 128, 2 layers: 2·129 of the norm, 2·(4·128·(129 + 130)) + 2·(4·128·(256 + 130)) of the
LSTMs, 257·258 of the gains: 727,044.
"""

from typing import Any

from weftnet.architecture.spec import Architecture, Parallel
from weftnet.zoo._write import block, chain, dropout, network


def lstm_denoiser(window: int = 256, hidden: int = 128, layers: int = 2, rate: float = 0.0) -> Architecture:
    """A wave, filtered; at least as long as it was.

    Args:
        window: samples of a frame, an even number; frames overlap by half.
        hidden: size of each LSTM's state in one direction.
        layers: LSTMs on top of one another.
        rate: of dropout behind each LSTM.
    """
    read = [block("log_magnitude"), block("batch_norm")]
    lstms = [node for _ in range(layers) for node in (block("lstm", dim=hidden, bidirectional=True), *dropout(rate))]
    gains = chain(read, lstms, block("dense", dim=window + 2))
    filtered = Parallel((block("dropout", rate=0.0), gains), merge="gate")  # the identity: a branch needs a block
    return network([block("short_time_fourier", window=window), filtered, block("inverse_short_time_fourier")])


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"window": 16, "hidden": 6, "layers": 1}, "wave:100,rate=200,padded"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters, counted by hand."""
    lstms = 2 * (4 * 128 * (129 + 130)) + 2 * (4 * 128 * (256 + 130))
    return [({}, "wave:8000,rate=8000", 2 * 129 + lstms + 257 * 258)]
