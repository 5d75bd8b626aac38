"""What is wrong with a wave's spectra, at several resolutions.

    S_w = magnitudes of the transform of s with windows of w samples, a quarter of which is the hop, over √(Σ window²)
    distance_w = ‖S_w(s) − S_w(y)‖ / ‖S_w(s)‖ + mean |½ ln(S_w(s)² + ε) − ½ ln(S_w(y)² + ε)|,   ε = 10⁻⁴

the mean over the windows; norms and means over each example's frames, without those in which s is silent.
Source: R. Yamamoto, E. Song, J. Kim, Parallel WaveGAN, 2020, equations 6 to 8, https://arxiv.org/abs/1910.11480.
Differs: its hops, and ε, as the waves are of loudness 1.
"""

from collections.abc import Sequence

from torch import Tensor

from weftnet.metrics.spectral_distance import power

_FLOOR = 1e-4


def spectral(y: Tensor, s: Tensor, windows: Sequence[int]) -> Tensor:
    """(batch,) distances of waves (batch, time, 1) from true ones.

    Args:
        y: the answer, zero at padding.
        s: the truth, zero at padding.
        windows: samples of the frames.
    """
    total = y.new_zeros(len(y))
    for window in windows:
        scale = 8 / (3 * window)  # 1 / Σ hann²
        mine, true = (scale * power(each.squeeze(2), window, window // 4) for each in (y, s))
        heard = (true.sum(1, keepdim=True) > 0).to(y.dtype)
        a, b = ((each + _FLOOR).sqrt() for each in (mine, true))  # the floor keeps the root's gradient finite
        converged = ((a - b).square() * heard).sum((1, 2)) / (b.square() * heard).sum((1, 2)).clamp(min=_FLOOR)
        logs = ((a.log() - b.log()).abs().mean(1) * heard.squeeze(1)).sum(1) / heard.sum((1, 2)).clamp(min=1)
        total = total + (converged + 1e-12).sqrt() + logs
    return total / len(windows)
