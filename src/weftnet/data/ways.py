"""How a person changes what was inferred: the option as it is typed on a command line, and the argument in Python.

    leave_out("post id")       leave it out: --kind 'post id=', kinds={'post id': None}

Every note and every fix that names an option takes it from here.
"""

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

#: words that YAML takes for something else
_TRUTH = ("true", "false", "yes", "no", "null", "on", "off")


def read_as(column: str, spec: str | Mapping[str, Any] | None) -> str:
    """The option that sets a column's kind, None to leave it out; on the command line and in Python."""
    return f"--kind {_typed(f'{column}={_yaml(spec)}')}, kinds={{{column!r}: {spec!r}}}"


def leave_out(column: str) -> str:
    """How a column is left out."""
    return f"leave it out: {read_as(column, None)}"


def setting(name: str, value: Any) -> str:
    """An option of the data."""
    return f"--data-set {_typed(f'{name}={_yaml(value)}')}, {name}={value!r}"


def target(column: str) -> str:
    """The option that names the target."""
    return f"--target {_typed(column)}"


def _typed(text: str) -> str:
    """A word as a shell takes it; one that needs no quotes has none."""
    return text if re.fullmatch(r"[\w@%+=:,./-]+", text) else shlex.quote(text)


def _yaml(value: Any) -> str:
    """A value as an option takes it: YAML in one line."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_word(str(name))}: {_yaml(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    return _word(value) if isinstance(value, str) else json.dumps(value)


def _word(text: str) -> str:
    """A word of YAML, in quotes unless it is a plain name."""
    plain = re.fullmatch(r"[^\W\d]\w*", text) and text.lower() not in _TRUTH
    return text if plain else json.dumps(text, ensure_ascii=False)
