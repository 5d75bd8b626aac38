"""WaveNet: dilated causal convolutions with gates, over tokens or a wave.

    embedding, or dense dim for numbers – stack (see wavenet_stack) – relu – dense skip – relu

Source: A. van den Oord and others, WaveNet: a generative model for raw audio, 2016, https://arxiv.org/abs/1609.03499,
figure 4
Differs: there is no causal convolution before the stack: its first layer is one.
Parameters: vocabulary · dim, the stack's, skip · (skip + 1); the paper's size for tokens (256 values of a sample, three
cycles of ten layers, 32 features, 256 skipped), without the last layer: 482,848.
"""

from typing import Any, Literal

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, network


def wavenet(
    dim: int = 64,
    skip: int = 128,
    depth: int = 5,
    cycles: int = 2,
    kernel: int = 2,
    reads: Literal["tokens", "numbers"] = "tokens",
    classes: int | None = None,
) -> Architecture:
    """Gated dilated convolutions over a sequence.

    Args:
        dim: features between the layers.
        skip: features of the sum over all layers.
        depth: layers of a cycle; the dilation doubles in each.
        cycles: how often the dilations begin again.
        kernel: values that a filter reads.
        reads: tokens, which are embedded, or a series or wave of numbers.
        classes: outputs at every step; without it the features come out.
    """
    return network(
        block("embedding", dim=dim) if reads == "tokens" else block("dense", dim=dim),
        block("wavenet_stack", dim_out=skip, kernel=kernel, depth=depth, cycles=cycles),
        block("relu"),
        block("dense", dim=skip),
        block("relu"),
        classes=classes,
    )


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"dim": 6, "skip": 8, "depth": 2}, "tokens:9,vocabulary=13"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters by the formula above."""
    paper = {"dim": 32, "skip": 256, "depth": 10, "cycles": 3}
    return [(paper, "tokens:4096,vocabulary=256", 482_848), ({**paper, "reads": "numbers"}, "wave:4096", 474_720)]
