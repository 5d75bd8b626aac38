"""Attention over an image by content and place: against the formula pixel by pixel."""

import pytest
import torch
from oracles import differ, exports, functional, gradients_match, randomise, unchecked

from weftnet.blocks.attention.relative_attention2d import RelativeAttention2d

HEIGHT, WIDTH, HEADS = 3, 4, 2


def formula(x, table, qkv, qkv_bias, out, out_bias):
    """Of a batch (batch, 5, 3, 4) to 6 channels."""
    rows = []
    for image in x:
        pixels = [(i, j) for i in range(HEIGHT) for j in range(WIDTH)]
        q, k, v = zip(*[(qkv @ image[:, i, j] + qkv_bias).split(6) for i, j in pixels], strict=True)
        read = []
        for a, (i, j) in enumerate(pixels):
            heads = []
            for h in range(HEADS):
                own = slice(3 * h, 3 * h + 3)
                scores = [
                    q[a][own] @ k[b][own] / 3**0.5
                    + table[(i - m + HEIGHT - 1) * (2 * WIDTH - 1) + j - n + WIDTH - 1, h]
                    for b, (m, n) in enumerate(pixels)
                ]
                weights = torch.stack(scores).softmax(0)
                heads.append(sum(w * v[b][own] for b, w in enumerate(weights)))
            read.append(out @ torch.cat(heads) + out_bias)
        rows.append(torch.stack(read, 1).reshape(6, HEIGHT, WIDTH))
    return torch.stack(rows)


def test_is_its_formula():
    f, weights = functional(RelativeAttention2d(5, HEIGHT, WIDTH, channels=6, heads=HEADS))
    gradients_match(f, formula, [torch.randn(2, 5, HEIGHT, WIDTH).double(), *weights])


def test_place_counts():
    block = randomise(RelativeAttention2d(6, HEIGHT, WIDTH, heads=2))
    x = torch.randn(1, 6, HEIGHT, WIDTH).double()
    differ(block(x).flip(3), block(x.flip(3)))


def test_exports():
    exports(randomise(RelativeAttention2d(6, HEIGHT, WIDTH, heads=3)), torch.randn(2, 6, HEIGHT, WIDTH).double())


@pytest.mark.parametrize(
    ("settings", "text"),
    [({"heads": 4}, "heads: expected a divisor of dim 6, got 4"), ({"height": 0}, "height: expected a positive"),
     ({"heads": 3, "dropout": 1.0}, "dropout: expected a rate")],
)  # fmt: skip
def test_settings_are_checked(settings, text):
    with unchecked(), pytest.raises(ValueError, match=f"^relative_attention2d: {text}"):
        RelativeAttention2d(**{"channels_in": 6, "height": 3, "width": 4} | settings)
