"""Forms of answers that are drawn as curves over the steps: a forecast, the ends of its intervals, its quantiles."""

from dataclasses import dataclass
from typing import Any, ClassVar

from weftnet.base.answers import Form, Series


@dataclass(frozen=True, kw_only=True)
class Curves(Series):
    """Numbers by step and column: a curve for each column, and what lies between two other fields.

    Args:
        low, high: the fields of the answer between which values lie, of the same shape.
        names: the field that lists the columns.
    """

    low: str = ""
    high: str = ""
    names: str = ""

    drawn: ClassVar[str] = "curves"

    def facts(self) -> dict[str, Any]:
        """With the other fields."""
        return {**super().facts(), "low": self.low, "high": self.high, "names": self.names}


@dataclass(frozen=True, kw_only=True)
class Edge(Series):
    """Numbers by step and column that are drawn with the field they belong to."""

    drawn: ClassVar[str] = "edge"


@dataclass(frozen=True, kw_only=True)
class Levels(Form):
    """Numbers by step and column, for each level: {"0.1": …, "0.9": …}; the tensor is the JSON as text."""

    def schema(self) -> dict[str, Any]:
        """Lists of lists by name."""
        return {"type": "object", "additionalProperties": Series().schema()}
