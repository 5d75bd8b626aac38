"""Forms of answers about words: see `base/answers.py`."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar

from weftnet.base.answers import Column, Form


@dataclass(frozen=True, kw_only=True)
class Listing(Form):
    """A list that differs in length from answer to answer; in a table one column, as JSON."""

    def schema(self) -> dict[str, Any]:
        """A list."""
        return {"type": "array"}

    def columns(self, name: str, value: Any) -> dict[str, Column]:
        """One column."""
        return {name: json.dumps(value, ensure_ascii=False)}


@dataclass(frozen=True, kw_only=True)
class Marks(Listing):
    """A word's tag for each word, drawn over the words.

    Args:
        words: the field of the answer that lists the words.
    """

    words: str

    drawn: ClassVar[str] = "marks"

    def schema(self) -> dict[str, Any]:
        """A list of strings."""
        return {"type": "array", "items": {"type": "string"}}

    def facts(self) -> dict[str, Any]:
        """With the field of the words."""
        return {**super().facts(), "words": self.words}
