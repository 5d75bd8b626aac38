"""Options that several commands share, and how their values are parsed."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from weftnet.cli._output import Output
from weftnet.errors import SettingError
from weftnet.registry import Registry

Plugin = Annotated[
    list[Path] | None,
    typer.Option("--plugin", help="Your own entries: a Python file, or a folder. It is executed.", metavar="PATH"),
]
Inputs = Annotated[
    list[str] | None,
    typer.Option("--input", "-i", help="An input: image:1x28x28, or name=tokens:64,vocabulary=5000."),
]
Source = Annotated[str | None, typer.Option("--data", "-d", help="Data from which inputs and task are inferred.")]
Target = Annotated[list[str] | None, typer.Option("--target", "-t", help="The column to predict; again for more.")]
Validation = Annotated[str | None, typer.Option(help="The official validation part: a file or folder like the data.")]
Test = Annotated[str | None, typer.Option(help="The official test part; never used for statistics or a choice.")]
Kinds = Annotated[list[str] | None, typer.Option("--kind", help="column=kind, where the inferred kind is wrong.")]
#: column=kind: the kind is a mapping, or a word without a `=`
_COLUMN = re.compile(r"(.*?)=( *\{.*)|(.*)=([^=]*)", re.DOTALL)
Device = Annotated[str | None, typer.Option("--device", help="cpu, cuda, cuda:1; default a GPU if there is one.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print what was written, or the value, and nothing else.")]
Arch = Annotated[str | None, typer.Option("--arch", "-a", help="The same as ARCH.")]
Archs = Annotated[list[str] | None, typer.Option("--arch", "-a", help="The same as ARCH; again for more.")]
Data = Annotated[list[str] | None, typer.Option("--data", "-d", help="The same as INPUTS; again for more.")]
Named = Annotated[str | None, typer.Option("--data", "-d", help="The same as DATA.")]
DataOptions = Annotated[list[str] | None, typer.Option("--data-set", help="A data setting, name=value: context=128.")]


def one_of(argument: str | None, option: str | None, name: str, default: str | None = None) -> str:
    """What can be given as an argument and as an option: DATA is --data, ARCH is --arch.

    Raises:
        BadParameter: both are given, or neither and there is no default.
    """
    if argument is not None and option is not None and argument != option:
        raise typer.BadParameter(f"{name.upper()} and --{name} are the same: {argument} or {option}?")
    given = argument if option is None else option
    if given is None and default is None:
        raise typer.BadParameter(f"{name.upper()} is missing; it can be given as --{name} too")
    return given if given is not None else str(default)


def some_of(arguments: list[str] | None, options: list[str] | None, name: str) -> list[str]:
    """Several that can be given as arguments and as options, the arguments first.

    Raises:
        BadParameter: there is none.
    """
    given = [*(arguments or []), *(options or [])]
    if not given:
        raise typer.BadParameter(f"{name.upper()} is missing; it can be given as --{name} too")
    return given


def without_none(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were set."""
    return {name: value for name, value in options.items() if value is not None}


def columns_of(
    target: list[str] | None, kinds: list[str] | None, *, validation: str | None = None, test: str | None = None
) -> dict[str, Any]:
    """Options of the data: target, kinds and official parts, where they are set."""
    named: dict[str, Any] = {"target": target[0] if target and len(target) == 1 else target or None}
    return without_none({**named, "kinds": kinds_of(kinds) or None, "validation": validation, "test": test})


def train_on(device: str | None) -> None:
    """Let this process, and those that it starts, train on a device."""
    if device is not None:
        from weftnet.train.worker import DEVICE

        os.environ[DEVICE] = device


def plugins(paths: list[Path] | None) -> None:
    """Load what the user names."""
    if paths:
        from weftnet.plugins import load_plugin

        for path in paths:
            load_plugin(path)


def print_catalogue(registry: Registry[Any], name: str | None, output: Output) -> None:
    """Print a registry, or one entry of it."""
    from weftnet.cli import catalogue

    if output.talks:
        typer.echo(catalogue.render(registry, name))
    elif output.as_json:
        pages = catalogue.as_json(registry, name)
        output.end(pages if name is not None else {"entries": pages})
    else:
        output.end({}, *([name] if name is not None and registry.get(name) else registry.names()))


def kinds_of(pairs: list[str] | None) -> dict[str, Any]:
    """column=kind options; the column may be called anything, also something with a `=` or blanks around it.

    Raises:
        SettingError: a pair does not have that form.
    """
    kinds = {}
    for pair in pairs or []:
        if (found := _COLUMN.fullmatch(pair)) is None:
            raise SettingError("an option is written column=kind", got=pair)
        column, kind = (group for group in found.groups() if group is not None)
        kinds[column] = values_of([f"kind={kind}"])["kind"]
    return kinds


def values_of(pairs: list[str] | None) -> dict[str, Any]:
    """name=value options, the value parsed as YAML: numbers, lists, mappings.

    Raises:
        SettingError: a pair does not have that form.
    """
    import yaml

    from weftnet.base.plain_yaml import parse

    result = {}
    for pair in pairs or []:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise SettingError("an option is written name=value", got=pair)
        if len(text) == 1 and not text.isalnum() and text != "~":  # a mark: delimiter=|, decimal=,
            result[name.strip()] = text
            continue
        try:
            result[name.strip()] = parse(text)
        except yaml.YAMLError as error:
            if re.match(r"\{\w*\}.", text):  # a pattern of names, {label}_{}, which YAML would take for a mapping
                result[name.strip()] = text
                continue
            raise SettingError(f"{name}: the value is not valid YAML", got=text) from error
    return result


def start_of(run: str | None, **how: Any) -> dict[str, Any] | None:
    """What a training starts from, as `Start.from_dict` reads it; None for nothing.

    Args:
        run: the folder.
        how: fields of the start, as they were written; lists of name=value for mappings.

    Raises:
        SettingError: an option needs --start, or is not written name=value.
    """
    given = {name: value for name, value in how.items() if value}
    if run is None:
        if given:
            where = f"--{next(iter(given)).replace('_', '-')}"
            raise SettingError("belongs to a run to start from", where=where, fix="add --start RUN")
        return None
    for name in given.keys() & {"map", "rate", "thaw"}:
        given[name] = values_of(given[name])
    if "map" in given:
        given["map"] = {here: "" if there is None else str(there) for here, there in given["map"].items()}
    return {"from": str(run), **given}


def teacher_of(runs: list[str] | None, teach: list[str] | None, hints: list[str] | None) -> dict[str, Any]:
    """The field of a recipe that names teachers; none without one.

    Raises:
        SettingError: an option needs --teacher, or is not written name=value.
    """
    if not runs:
        if given := [name for name, value in (("--teach", teach), ("--hint", hints)) if value]:
            raise SettingError("belongs to a teacher", where=given[0], fix="add --teacher RUN")
        return {}
    folders = [folder for each in runs for folder in each.split(",") if folder]
    nodes = {str(here): str(there) for here, there in values_of(hints).items()}
    return {"teacher": {"from": folders, **values_of(teach), **({"hints": nodes} if nodes else {})}}


def parsed(text: str, what: str) -> Any:
    """An option's value as YAML: a name, or {name: {setting: value}}.

    Raises:
        SettingError: it is none.
    """
    import yaml

    from weftnet.base.plain_yaml import parse

    try:
        return parse(text)
    except yaml.YAMLError as error:
        raise SettingError("is not valid YAML", where=what, got=text) from error
