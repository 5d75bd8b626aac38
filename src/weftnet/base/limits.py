"""What a foreign file may demand, and the one setting that allows more: the environment variable WEFTNET_LIMITS.

    WEFTNET_LIMITS="bytes=32GiB,expansion=10000" weftnet data sparse.npz
    WEFTNET_LIMITS=none weftnet check giant.yaml

A file of some bytes can demand terabytes: compressed content, a claimed shape, a number of layers. What comes out is
counted while it comes, and the error names the limit, so that whoever trusts the file can lift it.
"""

import os
from collections.abc import Mapping
from types import MappingProxyType

from weftnet.base.units import bytes_of
from weftnet.errors import SettingError, WeftnetError

VARIABLE = "WEFTNET_LIMITS"
#: by name
DEFAULTS: Mapping[str, int] = MappingProxyType({
    "bytes": 8 * 2**30,     # of one source, decompressed
    "expansion": 200,       # bytes that come out of each byte of a compressed file, once it is more than `FREE`
    "pixels": 2**26,        # of one image, 8192 × 8192
    "frames": 2**14,        # of one video
    "footage": 2**31,       # pixels of all frames of one video
    "columns": 20_000,      # of one table
    "sparsity": 100,        # cells for each value, of a table whose rows name their columns
    "elements": 2**44,      # of one value that flows through a network, for one example
    "layers": 8_000,        # modules and parameters of one block
    "blocks": 10_000,       # of one network
    "nodes": 20_000,        # that an architecture's file writes
    "tokens": 10_000,       # that one question may have written
})  # fmt: skip
_NONE = 2**62


def limit(name: str) -> int:
    """The limit of this name, as it is set.

    Raises:
        SettingError: the variable can't be read.
    """
    return _limits(os.environ.get(VARIABLE, ""))[name]


#: bytes that may always come out of a compressed file, however small it is
FREE = 32 * 2**20


def expanded(size: int) -> int:
    """Bytes that may come out of a compressed file of so many."""
    return min(limit("bytes"), max(FREE, limit("expansion") * size))


def exceeded(
    name: str, what: str, *, where: str, got: str = "", at_most: int | None = None,
    error: type[WeftnetError] = SettingError,
) -> WeftnetError:  # fmt: skip
    """The error of something that is beyond a limit.

    Args:
        name: of the limit.
        what: is too large.
        where: the file or node.
        got: how large it is.
        at_most: what this limit comes to here; the limit itself by default.
        error: its class.
    """
    expected = f"at most {limit(name) if at_most is None else at_most}"
    return error(what, where=where, expected=expected, got=got, fix=lifted(name))


def lifted(name: str) -> str:
    """How a limit is lifted, in a sentence."""
    return f"if you trust it, set {VARIABLE}={name}=… in the environment (now {limit(name)}; none for no limits)"


def _limits(text: str) -> dict[str, int]:
    if text.strip().lower() == "none":
        return dict.fromkeys(DEFAULTS, _NONE)
    found = dict(DEFAULTS)
    for item in filter(None, map(str.strip, text.split(","))):
        name, _, value = item.partition("=")
        if name.strip() not in DEFAULTS:
            expected = "none, or name=number of " + ", ".join(DEFAULTS)
            raise SettingError("no limit has this name", where=VARIABLE, expected=expected, got=repr(name[:40]))
        found[name.strip()] = _NONE if value.strip().lower() == "none" else bytes_of(value, VARIABLE)
    return found
