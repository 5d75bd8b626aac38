"""Heads: the nodes that turn the output of a part into what its task needs; or the refusal, where none can.

    gives                     to a vector of n             to the shape of the data
    vector (dim)              dense(n)                     dense(c·h·w), reshape(c, h, w)
    sequence (time, dim)      average over time, dense(n)  dense(dim), the same time only
    image (c, h, w)           average over space, dense(n) conv2d(c, 1×1), the same height and width only
    video (time, c, h, w)     average over all, dense(n)   –
    members (members, dim)    a dense(n) each, their mean

A network whose last block is already a dense layer of width n, or the mean of members of that width (or whose output
has the data's shape) needs no head.
"""

import math
from collections.abc import Sequence

from weftnet.architecture.faults import Fault
from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Node
from weftnet.errors import ArchitectureError

#: Last blocks with bounded outputs, and the bounds. The outputs of a softmax also add up to 1: nothing else fits.
BOUNDED = {"softmax": (0.0, 0.0), "sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, math.inf)}


def refusal(part: str, last_block: str | None, what: str, *, reads: str = "", received: str = "") -> ArchitectureError:
    """The error for a part that no head can complete."""
    return ArchitectureError([Fault((part,), last_block or "network", what, reads=reads, received=received)])


def to_vector(
    part: str, gives: Signal, last_block: str | None, dim: int, *, image: Sequence[str], sequence: Sequence[str],
    members: str = "numbers",
) -> tuple[Node, ...]:  # fmt: skip
    """Nodes whose output is (batch, dim); images and sequences are pooled by the blocks that are named.

    Args:
        part: that needs a head.
        gives: what it gives.
        last_block: its last one.
        dim: width of the output.
        image, sequence: the blocks that pool one.
        members: what the outputs of an ensemble's members are, see `member_mean`.
    """
    dense: tuple[Node, ...] = (Block("dense", {"dim": dim}),)
    if gives.dtype == "float":
        if gives.axes == ("members", "dim"):
            return (Block("member_dense", {"dim": dim}), Block("member_mean", {"of": members}))
        match gives.kind:
            case "vector":
                done = last_block in ("dense", "member_mean") and gives.size("dim") == dim
                return () if done else dense
            case "image":
                return (*map(Block, image), *dense)
            case "video":
                return (Block("global_average_pool3d"), *dense)
            case "series" | "wave":
                return (*map(Block, sequence), *dense)
    what = "its output can't become a vector"
    raise refusal(part, last_block, what, reads="a vector, a sequence or an image of floats", received=str(gives))


def to_signal(
    part: str, gives: Signal, last_block: str | None, expected: Signal, low: float = -math.inf, high: float = math.inf
) -> tuple[Node, ...]:
    """Nodes whose outputs have the expected shape, and can have all values from low to high."""
    if gives.dtype == expected.dtype:
        if (gives.axes, gives.sizes) == (expected.axes, expected.sizes):
            least, most = BOUNDED.get(last_block or "", (-math.inf, math.inf))
            if least > low + 1e-6 or most < high - 1e-6:
                what = f"{last_block} bounds its outputs, and the loss needs values beyond; remove the {last_block}"
                raise refusal(
                    part, last_block, what, reads=f"{low:.3g} to {high:.3g}", received=f"{least:g} to {most:g}"
                )
            return ()
        if gives.kind == "vector":
            reshape = (Block("reshape", {"shape": list(expected.sizes)}),) if len(expected.sizes) > 1 else ()
            return (Block("dense", {"dim": expected.numel}), *reshape)
        if gives.axes == expected.axes and gives.kind == "image" and gives.sizes[1:] == expected.sizes[1:]:
            return (Block("conv2d", {"channels": expected.size("channels"), "kernel": 1}),)
        if gives.axes == expected.axes and gives.axes == ("time", "dim") and gives.sizes[0] == expected.sizes[0]:
            return (Block("dense", {"dim": expected.size("dim")}),)
    what = "its output must have the shape of the data: change its strides or upsampling, or end it in a vector"
    raise refusal(part, last_block, what, reads=f"{expected}, or any vector", received=str(gives))


def to_tokens(
    part: str, gives: Signal, last_block: str | None, vocabulary: int, context: int, what: str
) -> tuple[Node, ...]:
    """A dense layer of width `vocabulary` at every place; nothing where the network ends in one.

    Args:
        part: that needs a head.
        gives: what it gives.
        last_block: its last one.
        vocabulary: different tokens.
        context: places.
        what: is said where it doesn't give a vector at every place.

    Raises:
        ArchitectureError: it gives something else, or ends in a softmax.
    """
    if last_block == "softmax":
        said = "the loss includes the softmax: the network must return logits; remove the softmax"
        raise refusal(part, last_block, said)
    if gives.axes != ("time", "dim") or gives.dtype != "float" or gives.size("time") != context:
        said = f"{what}; leave out what pools, strides or drops the time axis"
        raise refusal(part, last_block, said, reads=f"a sequence of {context} steps", received=str(gives))
    done = last_block in ("dense", "shared") and gives.size("dim") == vocabulary
    return () if done else (Block("dense", {"dim": vocabulary}),)
