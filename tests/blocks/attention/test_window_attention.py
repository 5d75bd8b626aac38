"""Attention within windows against a loop over pixels."""

import pytest
import torch
from oracles import functional, gradients_match

from weftnet.blocks.attention.window_attention2d import WindowAttention2d

HEADS = 2


def loop(x, table, qkv, qkv_bias, out, out_bias, window, shifted):
    """Pixel by pixel: each reads from the pixels of its window that it was next to before the image was rolled."""
    height, width = x.shape[2:]
    side = min(window, height, width)
    high, wide = -(-height // side) * side, -(-width // side) * side
    shift = side // 2 if shifted and min(height, width) > side else 0
    padded = torch.zeros(x.shape[0], high, wide, x.shape[1], dtype=x.dtype)
    padded[:, :height, :width] = x.movedim(1, 3)
    q, k, v = (padded @ qkv.T + qkv_bias).chunk(3, 3)
    dim = q.shape[3] // HEADS

    def rolled(place, size):
        """Where a pixel is after rolling, and whether it came round the edge."""
        return (place - shift) % size, place < shift

    places = [(i, j) for i in range(high) for j in range(wide)]
    rows = []
    for i, j in places[: height * wide]:
        (a, around), (b, beside) = rolled(i, high), rolled(j, wide)
        seen = []
        for m, n in places:
            (c, there), (d, aside) = rolled(m, high), rolled(n, wide)
            if a // side == c // side and b // side == d // side and around == there and beside == aside:
                seen.append((m, n, (a - c + window - 1) * (2 * window - 1) + b - d + window - 1))
        heads = []
        for h in range(HEADS):
            part = slice(h * dim, (h + 1) * dim)
            scores = torch.stack(
                [(q[:, i, j, part] * k[:, m, n, part]).sum(1) / dim**0.5 + table[t, h] for m, n, t in seen], 1
            )
            values = torch.stack([v[:, m, n, part] for m, n, _ in seen], 1)
            heads.append((scores.softmax(1)[..., None] * values).sum(1))
        rows.append(torch.cat(heads, 1) @ out.T + out_bias)
    return torch.stack(rows, -1).unflatten(2, (height, wide))[..., :width]


@pytest.mark.parametrize(
    ("height", "width", "window", "shifted"),
    [(4, 6, 2, False), (4, 6, 2, True), (5, 7, 3, True), (3, 4, 3, True), (2, 3, 4, True)],
)
def test_is_its_formula(height, width, window, shifted):
    f, weights = functional(WindowAttention2d(4, HEADS, window, shifted))
    x = torch.randn(2, 4, height, width, dtype=torch.float64)
    gradients_match(f, lambda *values: loop(*values, window, shifted), [x, *weights], 1e-9)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"heads": 3}, "window_attention2d: heads: expected a divisor of dim 8, got 3"),
        ({"window": 0}, "window_attention2d: window: expected a positive integer, got 0"),
        ({"dropout": 1.0}, "window_attention2d: dropout: expected a rate from 0 to below 1, got 1"),
    ],
)
def test_settings_are_checked(settings, text):
    with pytest.raises(ValueError, match=text):
        WindowAttention2d(8, **settings)
