"""Nodes that convert one kind of signal into another: adapters before a block, projections to a required shape.

Both are ordered with the most natural first; `repair.py` tries them.
"""

from collections.abc import Iterator

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Chain, Node

WIDTH = 64  # the width of a layer whose width is not specified
PATCHES = (16, 8, 4, 7, 2)  # patch sizes, the most common first


def projections(have: Signal, wanted: Signal) -> Iterator[Node]:
    """Short chains that may convert one signal to the shape of another."""
    if wanted.kind == "image" and have.kind == "image":
        channels = wanted.size("channels")
        strides = {max(1, round(a / b)) for a, b in zip(have.sizes[1:], wanted.sizes[1:], strict=True)}
        for stride in sorted(strides):
            settings = {"channels": channels, "kernel": 1, **({"stride": stride} if stride > 1 else {})}
            yield Block("conv2d", settings)
        kernel = have.size("height") - wanted.size("height") + 1
        if kernel > 1:
            yield Block("conv2d", {"channels": channels, "kernel": kernel, "padding": "valid"})
        pool = max(1, have.size("height") // wanted.size("height"))
        yield Chain((Block("average_pool2d", {"size": pool}), Block("conv2d", {"channels": channels, "kernel": 1})))
        scale = max(1, wanted.size("height") // have.size("height"))
        yield Chain((Block("upsample2d", {"factor": scale}), Block("conv2d", {"channels": channels, "kernel": 1})))
        return
    width = wanted.sizes[-1]
    if wanted.kind in ("vector", "series") and have.kind == wanted.kind:
        yield _dense(width)
    if wanted.kind == "series" and have.kind == "tokens":
        yield Block("embedding", {"dim": width})
    if wanted.kind == "series" and have.kind == "series":
        yield from _resampled(have.size("time"), wanted.size("time"), width)
    for nodes in adapters(have):
        yield Chain(nodes)
        if wanted.kind in ("vector", "series"):
            yield Chain((*nodes, _dense(width)))
    flat: tuple[Node, ...] = () if have.kind == "vector" else (Block("flatten"),)
    yield Chain((*flat, _dense(wanted.numel), Block("reshape", {"shape": list(wanted.sizes)})))


def to_width(signal: Signal, width: int) -> Node:
    """A projection of a signal's features, or channels, to a width."""
    return Block("conv2d", {"channels": width, "kernel": 1}) if signal.kind == "image" else _dense(width)


def _resampled(have: int, wanted: int, width: int) -> Iterator[Node]:
    """Convolutions from a sequence of one length to another."""
    if have > wanted:
        yield Block("conv1d", {"dim": width, "kernel": have - wanted + 1, "padding": "valid"})
        yield Block("conv1d", {"dim": width, "stride": -(-have // wanted)})
    elif wanted % have == 0:
        yield Block("transposed_conv1d", {"dim": width, "kernel": wanted // have, "stride": wanted // have})
    else:
        yield Block("transposed_conv1d", {"dim": width, "kernel": wanted - have + 1, "stride": 1})


def adapters(signal: Signal, family: str = "") -> list[tuple[Node, ...]]:
    """Nodes that turn this kind of signal into another, the most common for a block of that family first."""
    match signal.kind:
        case "image":
            names = ["flatten", "global_average_pool2d", "image_to_sequence", "image_rows"]
            if family == "recurrent":
                names.insert(0, "image_rows")
            usual: list[tuple[Node, ...]] = [(Block(name),) for name in names]
            if family in ("attention", "transformer", "position"):
                patches = [Block("patchify", {"size": size}) for size in PATCHES if _tiles(size, signal)]
                usual = [*((patch,) for patch in patches), *((p, _dense(WIDTH)) for p in patches), *usual]
            return [*usual, (Block("image_to_sequence"), Block("global_average_pool1d"))]
        case "series" | "wave":
            names = ["global_average_pool1d", "last_step", "flatten", "sequence_to_channels"]
            return [(Block(name),) for name in names]
        case "tokens":
            embedding = Block("embedding", {"dim": WIDTH})
            after = ["global_average_pool1d", "sequence_to_channels", "flatten"]
            return [(embedding,), *((embedding, Block(name)) for name in after)]
        case "words":
            return [(Block("word_embedding"),), (Block("word_embedding"), Block("global_average_pool1d"))]
        case "vector":
            size = signal.numel
            side = int(size**0.5)
            square = [[1, side, side]] if side * side == size else []
            return [(Block("reshape", {"shape": shape}),) for shape in ([size, 1], *square, [1, 1, size])]
        case _:
            return [(Block("flatten"),)]


def rounder(signal: Signal) -> Iterator[Node]:
    """A layer to the next width that is divisible by common numbers of heads and groups."""
    width = -(-signal.sizes[-1] // 8) * 8
    if signal.kind in ("vector", "series", "wave"):
        yield _dense(width)


def _tiles(size: int, signal: Signal) -> bool:
    """Whether patches of this size tile the image, at least four along each side."""
    return all(length % size == 0 and length // size >= 4 for length in signal.sizes[1:])


def _dense(width: int) -> Block:
    return Block("dense", {"dim": width})
