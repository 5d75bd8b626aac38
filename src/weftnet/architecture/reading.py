"""Read an architecture from YAML, JSON or a dict, and collect every fault of its form; a model of Keras as JSON too.

The reader is tolerant so that it can continue to the next fault: where the intention is clear it reads that, and the
fault says so; `check --fix` then writes what was read. `load` is strict: any fault raises. Loading executes no code:
YAML's safe subset, no aliases, and limits on size, depth and number of nodes.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from weftnet.architecture.faults import Fault
from weftnet.architecture.keras import from_keras, is_keras
from weftnet.architecture.reader import MAX_DEPTH, Reader
from weftnet.architecture.spec import Architecture
from weftnet.base.foreign import reading
from weftnet.base.limits import lifted, limit
from weftnet.base.plain_yaml import PlainLoader
from weftnet.errors import ArchitectureError, SettingError

MAX_BYTES = 1_000_000
_EACH = 5  # values that a node takes in a file, at most


def load(path: str | Path) -> Architecture:
    """The architecture in a YAML or JSON file.

    >>> _ = Path("net.yaml").write_text("- dense: {dim: 8}")
    >>> weftnet.load_architecture("net.yaml").parts["network"].nodes[0].settings
    {'dim': 8}

    Raises:
        ArchitectureError: with every fault of the file's form.
    """
    architecture, faults = read(path)
    if faults or architecture is None:
        raise ArchitectureError(faults, where=str(path))
    return architecture


def read(path: str | Path) -> tuple[Architecture | None, list[Fault]]:
    """As much of the architecture in a file as can be read, and the faults of its form."""
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise SettingError("the file is too large for an architecture", where=str(path), got=f"{size} bytes")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingError(f"can't be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise SettingError("is not UTF-8 text", where=str(path), got=f"byte {error.start}") from error
    return read_text(text, where=str(path))


def read_text(text: str, *, where: str = "architecture") -> tuple[Architecture | None, list[Fault]]:
    """As `read`, from the text of a YAML or JSON file."""
    if len(text) > MAX_BYTES:
        raise SettingError("the file is too large for an architecture", where=where, expected=f"at most {MAX_BYTES}")
    try:
        with reading(where, "contains a value that can't be read", error=SettingError):  # a day that does not exist
            data = _json(text) if text.lstrip()[:1] in ("{", "[") else _NO_JSON
            if data is _NO_JSON:
                data = yaml.load(text, Loader=_Loader)
    except SettingError as error:
        cause = error.__cause__
        if isinstance(cause, RecursionError):
            raise SettingError("is nested too deeply", where=where, expected=f"at most {MAX_DEPTH} levels") from cause
        if not isinstance(cause, yaml.YAMLError):
            raise
        mark = getattr(cause, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        raise SettingError(_plain(cause), where=where + line, fix="fix the YAML there") from cause
    return read_dict(data, where=where)


def from_dict(data: object) -> Architecture:
    """The architecture in plain data.

    Raises:
        ArchitectureError: with every fault of its form.
    """
    architecture, faults = read_dict(data)
    if faults or architecture is None:
        raise ArchitectureError(faults)
    return architecture


def read_dict(data: object, *, where: str = "architecture") -> tuple[Architecture | None, list[Fault]]:
    """As `read`, from plain data."""
    lacking: list[Fault] = []
    if is_keras(data):
        assert isinstance(data, Mapping)
        data, lacking = from_keras(data, where)
    reader = Reader(where)
    return reader.architecture(data), [*lacking, *reader.faults]


_NO_JSON = object()


def _json(text: str) -> Any:
    """The content of a JSON text, if it is one; YAML accepts JSON too, but reads some of its escapes differently."""
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except ValueError:
        return _NO_JSON


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping; a repeated key is left to the YAML reader, which reports its line."""
    if len(result := dict(pairs)) < len(pairs):
        raise json.JSONDecodeError("a repeated key", "", 0)
    return result


def _plain(error: yaml.YAMLError) -> str:
    """A YAML error in plain words."""
    problem = str(getattr(error, "problem", None) or error)
    if r"'\t'" in problem:
        return "a tab where YAML requires spaces"
    for theirs, ours in _YAML_PROBLEMS.items():
        if theirs in problem:
            return ours
    return problem


_YAML_PROBLEMS = {
    "mapping values are not allowed here": "an extra colon: is the line before it indented too little or too much?",
    "expected ',' or ']'": "a comma or a closing bracket ] is missing",
    "expected ',' or '}'": "a comma or a closing brace } is missing",
    "expected <block end>": "the indentation does not match the lines before",
    "could not find expected ':'": "a colon is missing",
    "found unexpected end of stream": "a closing quote is missing",
    "expected the node content": "an extra bracket",
    "could not determine a constructor": "tags (!…) are not allowed",
    "but found another document": "only one document is allowed, and a second (---) begins",
}


class _Loader(PlainLoader):
    """Plain YAML of at most so many values."""

    nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.nodes += 1
        if self.nodes > (most := _EACH * limit("nodes")):
            raise yaml.MarkedYAMLError(problem=f"holds more than {most} values; {lifted('nodes')}")
        return super().compose_node(parent, index)
