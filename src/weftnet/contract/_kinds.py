"""A kind of column on its own example: what the contract of kinds is checked on."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True)
class KindCase:
    """A kind and its example.

    Args:
        cls: the kind's class.
        kind: fitted on the values.
        values: raw ones.
    """

    cls: Any
    kind: Any
    values: Any

    def encode(self, kind: Any, values: Any) -> NDArray[Any]:
        """What a network reads: of a cell of a table its features."""
        encoded: NDArray[Any] = getattr(kind, "features", kind.encode)(values)
        return encoded

    def fitted(self, values: Any = None) -> Any:
        """A new kind of the same settings, fitted."""
        return self.cls.from_state(self.kind.state()).fit(self.values if values is None else values)
