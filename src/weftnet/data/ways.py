"""How a person changes what was inferred: the option as it is typed on a command line, and the argument in Python.

    leave_out("post id")       leave it out: --kind 'post id=', kinds={'post id': None}

Every note and every fix that names an option takes it from here. What does not know its column yet – a kind, which sees
values alone – gives a `Way`: a function of the column's name.
"""

import json
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

#: what can be done about a column, in words, from its name
Way: TypeAlias = Callable[[str], str]

#: values that are a mark alone, which an option takes as it is
_MARKS = (",", ".", ";", ":", "|", "'")
#: words that YAML takes for something else
_TRUTH = ("true", "false", "yes", "no", "null", "on", "off")


def read_as(column: str, spec: str | Mapping[str, Any] | None) -> str:
    """The option that sets a column's kind, None to leave it out; on the command line and in Python."""
    return f"--kind {_typed(f'{column}={_yaml(spec)}')}, kinds={{{column!r}: {spec!r}}}"


def leave_out(column: str) -> str:
    """How a column is left out."""
    return f"leave it out: {read_as(column, None)}"


def as_labels(column: str) -> str:
    """The option that reads words as labels, which they always can be."""
    return read_as(column, "category")


def setting(name: str, value: Any) -> str:
    """An option of the data."""
    word = value if value in _MARKS else _yaml(value)
    return f"--data-set {_typed(f'{name}={word}')}, {name}={value!r}"


def task_setting(name: str, value: Any) -> str:
    """A setting of the task."""
    return f"--task-set {_typed(f'{name}={_yaml(value)}')}, {name}={value!r}"


def target(column: str) -> str:
    """The option that names the target."""
    return f"--target {_typed(column)}"


def correct(column: str) -> str:
    """What can be done about a few values that don't fit: correct them, read labels, or leave the column out."""
    return f"correct the value; or read labels: {as_labels(column)}; or {leave_out(column)}"


def _typed(text: str) -> str:
    """A word as a shell takes it; one that needs no quotes, and doesn't end like a clause, has none."""
    return text if re.fullmatch(r"[\w@%+=:,./-]*[\w=]", text) else shlex.quote(text)


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
