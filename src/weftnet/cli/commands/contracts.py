"""The contracts of entries, run and printed."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import typer

from weftnet.cli._output import Output
from weftnet.contract import CONTRACTS, Outcome, contract
from weftnet.errors import SettingError
from weftnet.plugins import load_plugin

_MARKS = {"kept": "ok", "broken": "BROKEN", "not applicable": "–"}


def run(plugins: Sequence[Path], entries: Sequence[str], output: Output) -> None:
    """Run the contracts of all that the plugins bring, or of the entries named; exit with 1 if one is broken.

    Raises:
        SettingError: a plugin can't be loaded, or there is nothing to check.
        UnknownName: there is no such registry or entry.
    """
    outcomes: dict[tuple[str, str], list[Outcome]] = {}
    for registry, name in _subjects(plugins, entries, output):
        found = outcomes[registry, name] = []
        if output.talks:
            typer.secho(f"{registry} {name}", bold=True)
        for check in contract(registry, name):
            found.append(check.outcome())
            if output.talks:
                _print(found[-1])
    broken = sum(each.verdict == "broken" for found in outcomes.values() for each in found)
    checks = [{"registry": registry, **asdict(each)} for (registry, _), found in outcomes.items() for each in found]
    told = f"{broken} broken" if broken else "all kept"
    output.say(f"{len(checks)} checks of {len(outcomes)} entries: {told}")
    output.end({"checks": checks, "broken": broken})
    if broken:
        raise typer.Exit(1)


def _subjects(plugins: Sequence[Path], entries: Sequence[str], output: Output) -> Iterator[tuple[str, str]]:
    """(registry, name) of what is to be checked."""
    brought = [load_plugin(path).entries for path in plugins]
    if entries:
        for entry in entries:
            registry, colon, name = entry.partition(":")
            if not colon:
                raise SettingError("an entry is written REGISTRY:NAME", where="--entry", got=entry)
            yield registry, name
        return
    found = [(registry, name) for each in brought for registry, names in each.items() for name in names]
    tasks = {name for registry, name in found if registry == "task"}
    checked = [(registry, name) for registry, name in found if registry in CONTRACTS]
    for registry, name in found:
        if registry not in CONTRACTS and name not in tasks:
            output.say(f"{registry} {name}: there is no contract for it")
    if not checked:
        expected = "a plugin, or --entry REGISTRY:NAME; registries: " + ", ".join(CONTRACTS)
        raise SettingError("there is nothing to check", expected=expected)
    yield from checked


def _print(outcome: Outcome) -> None:
    colour = {"kept": "green", "broken": "red"}.get(outcome.verdict)
    typer.secho(f"  {_MARKS[outcome.verdict]:<6}  {outcome.sentence}", fg=colour)
    if outcome.why:
        typer.echo("\n".join(f"          {line}" for line in outcome.why.splitlines()))
