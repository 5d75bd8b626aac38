"""Resampling of sound: a windowed sinc, evaluated only at the output samples.

    up / down = rate_out / rate_in in lowest terms,  r = max(up, down)
    h[n] = sinc((n − 10 r) / r) · kaiser₅[n],  n = 0 … 20 r,  scaled so that Σ h = up
    y[m] = Σ_k h[m · down − k · up + 10 r] · x[k],  m = 0 … ⌈time · up / down⌉ − 1        x is 0 outside

The filter passes frequencies below both Nyquist limits, so nothing aliases; it reaches ten periods of the lower rate to
either side. The same as `scipy.signal.resample_poly(x, up, down)`, whose window it uses.
Source: R. Crochiere, L. Rabiner, Multirate digital signal processing, 1983; window: J. Kaiser, R. Schafer, On the use
of the I₀-sinh window for spectrum analysis, 1980, https://doi.org/10.1109/TASSP.1980.1163349.
Cost: 20 · max(1, down / up) multiplications per output.
"""

from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

_REACH = 10
_BETA = 5.0
_CHUNK = 2**16


def resampled(wave: NDArray[np.float32], have: int, wanted: int) -> NDArray[np.float32]:
    """A wave (time,) at another rate.

    Args:
        wave: at its own rate.
        have: its rate.
        wanted: the rate of the result.
    """
    if have == wanted or not len(wave):
        return wave
    up, down = wanted // gcd(have, wanted), have // gcd(have, wanted)
    bank = _bank(up, down)  # (up, taps): the taps that apply to x, for every offset between two of its samples
    taps, half = bank.shape[1], _REACH * max(up, down)
    count = -(-len(wave) * up // down)
    ends = np.arange(count, dtype=np.int64) * down + half  # y[m] reads x[k] for k · up ≤ ends, latest first
    padded = np.concatenate([np.zeros(taps, np.float32), wave, np.zeros(taps + half // up + 1, np.float32)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, taps)
    wave = np.empty(count, np.float32)
    for start in range(0, count, _CHUNK):
        chunk = ends[start : start + _CHUNK]
        latest = chunk // up
        wave[start : start + _CHUNK] = np.einsum("mt,mt->m", windows[latest + 1], bank[chunk % up], dtype=np.float64)
    return wave


def needed(count: int, have: int, wanted: int) -> int:
    """Samples at the present rate on which the first `count` samples at another rate depend."""
    if have == wanted:
        return count
    up, down = wanted // gcd(have, wanted), have // gcd(have, wanted)
    return ((count - 1) * down + _REACH * max(up, down)) // up + 1


@lru_cache(maxsize=16)
def _bank(up: int, down: int) -> NDArray[np.float64]:
    """(up, taps): row p holds h[p], h[p + up], …, in reverse, in the order of the samples of x."""
    longest = max(up, down)
    n = np.arange(2 * _REACH * longest + 1)
    h = np.sinc((n - _REACH * longest) / longest) * np.kaiser(len(n), _BETA)
    h *= up / h.sum()
    taps = -(-len(h) // up)
    return np.ascontiguousarray(np.pad(h, (0, taps * up - len(h))).reshape(taps, up).T[:, ::-1])
