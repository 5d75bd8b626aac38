"""Which sizes of a block can change, and the settings that hold them in the architecture.

A size is the number of a submodule's outputs or inputs. `written` ones are settings of the architecture and are changed
there; `filled` ones come from the preceding block, and are changed only where someone wrote them by hand. A block that
is not listed keeps all its sizes, and so does whatever reads or feeds it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from weftnet.compose.flow import Resolved

Side: TypeAlias = Literal["out", "in"]
#: a submodule's path inside its block, "" for the block itself, and which of its sizes
Place: TypeAlias = tuple[str, Side]


@dataclass(frozen=True)
class Sizes:
    """The sizes of a block that may change: place → setting."""

    written: Mapping[Place, str] = field(default_factory=dict)
    filled: Mapping[Place, str] = field(default_factory=dict)

    @property
    def places(self) -> set[Place]:
        """All of them."""
        return {*self.written, *self.filled}


#: in a transformer layer only the feed-forward network has a width of its own
_FEED = Sizes({("feed.0", "out"): "dim_hidden"}, {("feed.3", "in"): "dim_hidden"})
#: the block as a whole represents all its gates and layers
_RECURRENT = Sizes({("", "out"): "dim"}, {("", "in"): "dim_in"})

SIZES: Mapping[str, Sizes] = {
    "conv2d": Sizes({("conv", "out"): "channels"}, {("conv", "in"): "channels_in"}),
    "conv1d": Sizes({("conv", "out"): "dim"}, {("conv", "in"): "dim_in"}),
    "separable_conv2d": Sizes(
        {("pointwise", "out"): "channels"},
        {("pointwise", "in"): "channels_in", ("depthwise", "out"): "channels_in"},
    ),
    "dense": Sizes({("linear", "out"): "dim"}, {("linear", "in"): "dim_in"}),
    "embedding": Sizes({("table", "out"): "dim"}),
    "batch_norm": Sizes(filled={("norm", "out"): "dim"}),
    "batch_norm2d": Sizes(filled={("norm", "out"): "channels"}),
    "layer_norm": Sizes(filled={("norm", "out"): "dim"}),
    "attention_pool": Sizes({("key", "out"): "dim_hidden"}, {("query", "in"): "dim_hidden"}),
    "transformer_encoder_layer": _FEED,
    "transformer_decoder_layer": _FEED,
    "lstm": _RECURRENT,
    "gru": _RECURRENT,
    "rnn": _RECURRENT,
}  # fmt: skip
#: blocks that compute across the features of a position, so that removing one changes the others too
MIXING = ("layer_norm",)


def sizes_of(block: Resolved) -> Sizes:
    """The sizes of a block that may change."""
    grouped = block.settings.get("groups", 1) != 1  # the channels of a group depend on one another
    return Sizes() if grouped else SIZES.get(block.name, Sizes())


def changes(block: Resolved, hand_written: Mapping[str, object], sizes: Mapping[Place, int]) -> dict[str, int]:
    """The settings to change for new sizes; `hand_written` are the block's current settings in the architecture."""
    known = sizes_of(block)
    settings = {known.written[place]: size for place, size in sizes.items() if place in known.written}
    for place, size in sizes.items():
        name = known.filled.get(place)
        if name is not None and name in hand_written and name not in settings:
            settings[name] = size
    return settings
