"""For the next steps of a series: each network returns the window plus a learnt correction."""

from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Block, Chain, Node, Repeat, Residual
from weftnet.tasks._propose.candidate import Candidate, adamw


def forecasting(signals: Mapping[str, Signal]) -> list[Candidate]:
    """Each returns the window plus a correction: with a correction of zero the task's head is the linear forecast."""
    if [signal.kind for signal in signals.values()] != ["series"]:
        return []
    ((time, dim),) = (signal.sizes for signal in signals.values())
    drop, shape = Block("dropout", {"rate": 0.2}), Block("reshape", {"shape": [time, dim]})
    image = Block("sequence_to_channels")  # there a convolution one column wide treats every channel alike
    hidden = [Block("conv2d", {"channels": 128, "kernel": [time, 1], "padding": "valid"}), Block("relu"), drop]
    conv = [Block("conv2d", {"channels": 16, "kernel": [7, 1]}), Block("relu")]
    attend = [Block("dense", {"dim": 64}), Block("sinusoidal_positions")]
    layer = Block("transformer_encoder_layer", {"heads": 4, "dropout": 0.2})
    back = [drop, Block("dense", {"dim": dim})]
    networks: dict[str, tuple[list[Node], float, str]] = {
        "mlp": (
            [image, *hidden, Block("conv2d", {"channels": time, "kernel": 1}), shape], 3e-3,
            "dense layers along time, each channel by itself",
        ),
        "series_cnn": (
            [image, *conv, *conv, drop, Block("conv2d", {"channels": 1, "kernel": [7, 1]}), shape], 3e-3,
            "convolutions find patterns in each channel",
        ),
        "series_lstm": (
            [Block("lstm", {"dim": 16}), Block("dropout", {"rate": 0.5}), Block("dense", {"dim": dim})], 5e-3,
            "reads all channels step by step",
        ),
        "series_transformer": (
            [*attend, Repeat(2, layer), Block("layer_norm"), *back], 1e-3, "every step attends to all others",
        ),
    }  # fmt: skip
    why = "one linear map along time for all channels: a strong baseline"
    same = Block("dropout", {"rate": 0.0})  # the identity: an architecture needs at least one block
    linear = Candidate("linear", Architecture.of([same]), adamw(1e-2), why)
    return [linear] + [
        Candidate(name, Architecture.of([Residual(Chain(tuple(nodes)))]), adamw(lr, clip=1.0), why)
        for name, (nodes, lr, why) in networks.items()
    ]
