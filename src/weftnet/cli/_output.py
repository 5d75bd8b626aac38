"""What a command prints: text for people, one JSON object for programs (`--json`), or what was written (`--quiet`)."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weftnet.errors import SettingError

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class Output:
    """Where the text for people goes, and how a command ends. Warnings go to stderr, and are not part of it.

    Args:
        as_json: print one JSON object and nothing else.
        quiet: print what was written, or the one value that was asked for, and nothing else.

    Raises:
        SettingError: both are wanted.
    """

    as_json: bool = False
    quiet: bool = False

    def __post_init__(self) -> None:
        if self.as_json and self.quiet:
            raise SettingError("only one of them can be printed", where="--json, --quiet", fix="leave one out")

    @property
    def talks(self) -> bool:
        """Whether there is a person to be told."""
        return not (self.as_json or self.quiet)

    def console(self) -> "Console":
        """What text for people is printed to: the terminal, or nowhere."""
        from rich.console import Console

        return Console(quiet=not self.talks)

    def say(self, *lines: str) -> None:
        """Print lines for people, as they are and unbroken."""
        console = self.console()
        for line in lines:
            console.print(line, highlight=False, markup=False, soft_wrap=True)

    def end(self, document: Mapping[str, Any], *lines: object) -> None:
        """Print the JSON object, or the lines, if that is what is wanted.

        Args:
            document: the object. Its keys are part of the interface (docs/commands.md): none is renamed or dropped.
            lines: of `--quiet`; None is left out.
        """
        if self.as_json:
            print(json.dumps(plain(document), indent=2, ensure_ascii=False))
        elif self.quiet:
            for line in lines:
                if line is not None:
                    print(line)


#: for a person who watches
PEOPLE = Output()


def plain(value: Any) -> Any:
    """The value as JSON has it: paths as text, numbers that are none as null."""
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, str | bool | int | None):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Sequence | set | frozenset):
        return [plain(each) for each in value]
    return plain(value.item()) if hasattr(value, "item") else str(value)
