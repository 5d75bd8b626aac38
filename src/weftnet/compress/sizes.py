"""Which sizes of a block can change, and the settings that hold them in the architecture.

A size is the number of a submodule's outputs or inputs. A block says which of its own can change:

    resizable = {"conv.out": "channels", "conv.in": "channels_in"}      "out" and "in": of the block as a whole

A setting that the builder fills in comes from the preceding block, and is changed only where someone wrote it by hand.
A block that says nothing keeps all its sizes, and so does whatever reads or feeds it. One that computes across the
features of a position, so that removing one changes the others too, says `mixes_features = True`.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias, cast

from weftnet.architecture.schema import schema
from weftnet.compose.flow import Resolved

Side: TypeAlias = Literal["out", "in"]
#: a submodule's path inside its block, "" for the block itself, and which of its sizes
Place: TypeAlias = tuple[str, Side]


def sizes_of(block: Resolved) -> dict[Place, str]:
    """The sizes of a block that may change: place → setting."""
    if block.settings.get("groups", 1) != 1:  # the channels of a group depend on one another
        return {}
    sizes: Mapping[str, str] = getattr(block.cls, "resizable", {})
    return {_place(written): setting for written, setting in sizes.items()}


def is_whole(block: Resolved) -> bool:
    """Whether a block represents all its layers, as a recurrent one does."""
    return any(not inner for inner, _ in sizes_of(block))


def mixes(block: Resolved) -> bool:
    """Whether a block computes across the features of a position."""
    return bool(getattr(block.cls, "mixes_features", False))


def changes(block: Resolved, hand_written: Mapping[str, object], sizes: Mapping[Place, int]) -> dict[str, int]:
    """The settings to change for new sizes; `hand_written` are the block's current settings in the architecture."""
    filled, known = schema(block.cls).filled, sizes_of(block)
    settings = {known[place]: size for place, size in sizes.items() if place in known}
    return {name: size for name, size in settings.items() if name not in filled or name in hand_written}


def _place(written: str) -> Place:
    """conv.out → (conv, out), out → ("", out)."""
    inner, _, side = written.rpartition(".")
    return inner, cast(Side, side)
