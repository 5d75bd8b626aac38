"""Labels read from the names of files, by a pattern such as `{label}_{speaker}_{}`.

It is matched against the name without its ending; with a `/` in it, also against the folders before the name. A field
matches as little as possible and at least one character, `{}` is skipped, and everything else is literal.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from weftnet.errors import DataError, SettingError


class Naming:
    """A pattern of names.

    Args:
        pattern: with a field `{label}`.

    Raises:
        SettingError: the pattern can't be read.
    """

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._expression = _expression(pattern)

    def read(self, file: Path, folders: Sequence[str]) -> dict[str, str]:
        """The fields of a file's name.

        Args:
            file: with any path.
            folders: the folders that lead to it.

        Raises:
            DataError: the name does not match.
        """
        name = "/".join([*folders, file.stem][-1 - self.pattern.count("/") :])
        match = self._expression.fullmatch(name)
        if match is None:
            raise DataError(
                "the file's name does not match the pattern",
                where=str(file),
                expected=repr(self.pattern),
                got=repr(name),
            )
        return match.groupdict()


def _expression(pattern: str) -> re.Pattern[str]:
    """A regular expression for `{label}_{}`; a field matches as little as possible, and never a `/`."""
    literals, names = re.split(r"\{\w*\}", pattern), re.findall(r"\{(\w*)\}", pattern)
    fields = [name for name in names if name]
    wrong = (
        "braces that are no field" if any("{" in text or "}" in text for text in literals)
        else "fields that touch" if any(not text for text in literals[1:-1])
        else "a field twice" if len(set(fields)) < len(fields)
        else "a field that is no name" if not all(name.isidentifier() for name in fields)
        else "no {label}" if "label" not in fields
        else ""
    )  # fmt: skip
    if wrong:
        raise SettingError(
            f"the pattern has {wrong}", where="label", expected="such as '{label}_{speaker}_{}'", got=repr(pattern)
        )
    groups = [f"(?P<{name}>[^/]+?)" if name else "[^/]+?" for name in names] + [""]
    return re.compile("".join(re.escape(text) + group for text, group in zip(literals, groups, strict=True)), re.DOTALL)
