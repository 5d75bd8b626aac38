"""The catalogue of a registry's entries, read from their docstrings and signatures.

    page(BLOCKS, "conv2d")      → Page: summary, formula, source, cost, axes read and produced, settings
    summaries(BLOCKS)           → name → one line, read from the files without importing them (nor torch)
    render(BLOCKS, "conv2d")    → the page as text for a terminal; without a name, the summaries by family
    as_json(BLOCKS, "conv2d")   → the page as plain data for editors and other tools; without a name, all pages

Nothing is written twice: a page can only say what the code says.
"""

import ast
import inspect
import re
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from weftnet.architecture.spec import Architecture
from weftnet.registry import Registry

#: A label can have a qualifier: "Cost per cell: …".
_LABEL = re.compile(r"(Source|Cost|Parameters|When)( [\w ]+)?: ?")


@dataclass(frozen=True)
class Setting:
    """One argument of an entry's constructor or function.

    Args:
        name: of the argument.
        type: its annotation, as a person writes it.
        default: its default as text; None if it is required.
        filled: whether the builder fills it in from the block's input.
        about: the line about it in the docstring.
    """

    name: str
    type: str
    default: str | None
    filled: bool
    about: str


@dataclass(frozen=True)
class Page:
    """The documentation of an entry.

    Args:
        name: its name in the registry.
        kind: what the registry holds.
        family: the folder it lies in.
        summary: its first line.
        formula: the indented lines of its docstring.
        text: the rest of the docstring.
        when: to choose it (blocks).
        source: of the idea.
        cost: parameters, operations.
        reads: axes of the inputs by argument (blocks).
        gives: axes of the output (blocks).
        settings: its arguments.
    """

    name: str
    kind: str
    family: str
    summary: str
    formula: str
    text: str
    when: str
    source: str
    cost: str
    reads: Mapping[str, str]
    gives: str
    settings: tuple[Setting, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain data: strings, booleans, lists and mappings."""
        return {**asdict(self), "reads": dict(self.reads), "settings": [asdict(setting) for setting in self.settings]}


def page(registry: Registry[Any], name: str) -> Page:
    """The page of an entry.

    Raises:
        UnknownName: there is no such entry.
    """
    thing = registry.get(name)
    text = inspect.cleandoc((registry.module(name).__doc__ if registry.file(name) else "") or "")
    text = text or inspect.getdoc(thing) or ""
    summary, _, rest = text.partition("\n")
    formula, prose, labelled = _sections(rest)
    reads, gives, filled = _axes(thing)
    return Page(
        name,
        registry.kind,
        registry.family(name),
        summary.strip(),
        formula,
        prose,
        labelled.get("When", ""),
        labelled.get("Source", ""),
        labelled.get("Cost", "") or labelled.get("Parameters", ""),
        reads,
        gives,
        _settings(thing, filled),
    )


def summaries(registry: Registry[Any]) -> dict[str, str]:
    """Every entry's first line. The files are parsed, not executed, so this needs no torch."""
    lines = {}
    for name in registry.names():
        file = registry.file(name)
        document = _docstring(file) if file else inspect.getdoc(registry.get(name)) or ""
        lines[name] = document.partition("\n")[0].strip()
    return lines


def render(registry: Registry[Any], name: str | None = None, width: int | None = None) -> str:
    """An entry's page as text for a terminal; without a name, all entries by family, one a line.

    Args:
        registry: of blocks or of the zoo.
        name: of an entry.
        width: at which lines are broken; default that of the terminal.
    """
    width = width or min(shutil.get_terminal_size().columns, 110)
    return _listing(registry, width) if name is None else _text(page(registry, name), width)


def as_json(registry: Registry[Any], name: str | None = None) -> Any:
    """An entry's page as plain data; without a name, a list of all pages."""
    if name is not None:
        return page(registry, name).as_json()
    return [page(registry, each).as_json() for each in registry.names()]


def _text(entry: Page, columns: int) -> str:
    head = f"{entry.name}   ({entry.kind}{', ' + entry.family if entry.family else ''})"
    lines = [head, "", entry.summary]
    lines += _broken("when    ", entry.when, columns) if entry.when else []
    if entry.formula:
        lines += ["", *("    " + line if line else "" for line in entry.formula.split("\n"))]
    if entry.text:
        lines += ["", *(broken for line in entry.text.split("\n") for broken in _broken("", line, columns))]
    if entry.reads:
        lines += ["", *(f"reads  {name}: {axes}" for name, axes in entry.reads.items()), f"gives  {entry.gives}"]
    if entry.settings:
        rows = [_row(setting) for setting in entry.settings]
        width = max(len(head) for head, _ in rows)
        lines += ["", "settings"]
        lines += [line for head, about in rows for line in _broken(f"  {head:<{width}}  ", about, columns)]
    lines += ["", *_broken("source  ", entry.source, columns)] if entry.source else []
    lines += _broken("cost    ", entry.cost, columns) if entry.cost else []
    return "\n".join(lines)


def _listing(registry: Registry[Any], columns: int) -> str:
    lines: list[str] = []
    lines_by_name = summaries(registry)
    width = max(map(len, lines_by_name), default=0)
    for family in sorted({registry.family(name) for name in lines_by_name}):
        lines += ["", family] if family else []
        for name, line in lines_by_name.items():
            if registry.family(name) == family:
                lines += _broken(f"  {name:<{width}}  ", line, columns)
    return "\n".join(lines).lstrip("\n")


def _broken(head: str, text: str, columns: int) -> list[str]:
    """A text after its head, wrapped to the width; on a narrow terminal a long head stands on a line of its own."""
    if len(head) > columns // 2:
        return [head.rstrip(), *textwrap.wrap(text, columns, initial_indent=" " * 8, subsequent_indent=" " * 8)]
    wrapped = textwrap.wrap(text, columns, initial_indent=head, subsequent_indent=" " * len(head))
    return wrapped or [head.rstrip()]


def _row(setting: Setting) -> tuple[str, str]:
    value = "  (filled in)" if setting.filled else " = " + setting.default if setting.default else "  (required)"
    return f"{setting.name}: {setting.type}{value}", setting.about


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def _sections(text: str) -> tuple[str, str, dict[str, str]]:
    """The formula's lines, the prose, and the text after each label."""
    formula: list[str] = []
    prose: list[str] = []
    labelled: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in text.split("\n"):
        if label := _LABEL.match(line):
            current = labelled.setdefault(label[1], [])
            current.append((f"{label[2].strip()}: " if label[2] else "") + line[label.end() :])
        elif not line.strip():
            current = None
            formula += [""] if formula and formula[-1] else []
        elif line.startswith("    "):
            formula.append(line.removeprefix("    ").rstrip())
        elif current is not None and (current is labelled.get("When") or _continues(current[-1], line)):
            current.append(line)
        else:
            current = None
            prose.append(line)
    joined = {label: " ".join(part.strip() for part in parts).strip() for label, parts in labelled.items()}
    return "\n".join(formula).strip("\n"), "\n".join(prose).strip(), joined


def _continues(line: str, following: str) -> bool:
    """Whether a labelled sentence continues on the next line: it has not ended in a full stop or a link."""
    if line.endswith(".") and not re.search(r"(\b[A-Z]|et al)\.$", line):
        return False
    return not (re.search(r"https?://\S+[^;:,\s]$", line) and (following[:1].isupper() or following[:1] == "`"))


def _axes(thing: Any) -> tuple[dict[str, str], str, frozenset[str]]:
    """A block's inputs, its output, and which of its settings the builder fills in."""
    if not hasattr(thing, "forward"):
        return {}, "", frozenset()
    from weftnet.architecture.schema import schema  # imports torch, which a zoo entry's page does not need

    form = schema(thing)
    reads = {
        port.name: f"{' or '.join(sorted(port.dtypes))}: {', '.join(port.axes)}"
        + (", optional" if port.optional else "")
        for port in form.reads
    }
    reads |= dict.fromkeys(sorted(form.masks), "bool: batch, time")
    return reads, ", ".join(form.gives), form.filled


def _settings(thing: Any, filled: frozenset[str]) -> tuple[Setting, ...]:
    if inspect.isclass(thing) and "__init__" not in vars(thing):
        return ()
    called = thing.__init__ if inspect.isclass(thing) else thing
    about = _about(inspect.getdoc(thing) or "")
    settings = []
    for parameter in inspect.signature(called).parameters.values():
        if parameter.name == "self" or parameter.annotation is Architecture:
            continue
        missing = parameter.default is parameter.empty
        default = None if missing else _written(parameter.default)
        kind = _type_name(parameter.annotation)
        settings.append(Setting(parameter.name, kind, default, parameter.name in filled, about.get(parameter.name, "")))
    return tuple(settings)


def _about(document: str) -> dict[str, str]:
    """The lines under `Args:` by name."""
    _, _, tail = document.partition("Args:\n")
    lines: dict[str, str] = {}
    name = ""
    for line in tail.split("\n"):
        match = re.match(r"    (\w+): (.*)", line)
        if match:
            name = match[1]
            lines[name] = match[2].strip()
        elif name and line.startswith("        "):
            lines[name] += " " + line.strip()
        else:
            break
    return lines


def _type_name(annotation: Any) -> str:
    """The annotation as a person writes it: `int | list[int]`, `same | valid`."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation in (Any, inspect.Parameter.empty):
        return "any"
    if annotation is type(None):
        return "none"
    if origin is Literal:
        return " | ".join(map(str, inner))
    if origin in (Union, UnionType):
        return " | ".join(map(_type_name, inner))
    if inner:
        name = "list" if origin is Sequence else getattr(origin, "__name__", str(origin))
        return f"{name}[{', '.join(_type_name(each) for each in inner)}]"
    return str(getattr(annotation, "__name__", annotation))


def _written(value: Any) -> str:
    """A default as YAML would have it."""
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_written, value)) + "]"
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return str(value)
