"""The form of an answer's field that is a file of any kind: a link on a page, a file beside a table."""

import base64
from dataclasses import dataclass
from typing import Any, ClassVar

from weftnet.base.answers import Column, File, Form


@dataclass(frozen=True, kw_only=True)
class Download(Form):
    """A file in base64.

    Args:
        suffix: of its name, with the dot.
    """

    suffix: str

    drawn: ClassVar[str] = "download"

    def schema(self) -> dict[str, Any]:
        """A string."""
        return {"type": "string", "contentEncoding": "base64", "contentMediaType": "application/octet-stream"}

    def columns(self, name: str, value: Any) -> dict[str, Column]:
        """One file."""
        content = base64.b64decode(value)
        return {name: File(content, self.suffix, f"{len(content)} bytes")}

    def tensor(self, value: Any) -> Any:
        """The file."""
        return base64.b64decode(value)

    def facts(self) -> dict[str, Any]:
        """With the suffix."""
        return {**super().facts(), "suffix": self.suffix}
