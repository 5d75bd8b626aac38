"""How strong each frequency of a frame is, of its real and imaginary parts.

    y[t, k] = ½ ln(x[t, k]² + x[t, bins + k]² + 10⁻⁶),   k = 0 … bins − 1,   2 · bins values a step

Source: S. Boll, Suppression of acoustic noise in speech using spectral subtraction, 1979, who filters by magnitudes,
https://doi.org/10.1109/TASSP.1979.1163209
It reads what `short_time_fourier` gives. With a mask outputs at padding are zero.
Cost: no parameters; a logarithm for each frequency.
When: Behind `short_time_fourier`, where a network reads how loud each frequency is and phases don't matter.
"""

from jaxtyping import Bool, Float
from torch import Tensor, nn

FLOOR = 1e-6


class LogMagnitude(nn.Module):
    """Logarithms of the magnitudes of complex numbers."""

    def forward(
        self, x: Float[Tensor, "batch time dim_in"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim"]:
        """Half as many values a step.

        Raises:
            ValueError: the values are not pairs.
        """
        if x.shape[2] % 2:
            raise ValueError(f"log_magnitude: x: expected real and imaginary parts, got {x.shape[2]} values")
        if mask is not None:
            x = x.masked_fill(~mask.unsqueeze(-1), 0)
        real, imaginary = x.chunk(2, dim=-1)
        y = 0.5 * (real.square() + imaginary.square() + FLOOR).log()
        return y if mask is None else y.masked_fill(~mask.unsqueeze(-1), 0)
