"""An engine: a class with `preference`, `needs_torch`, `source` and `load`; see `weftnet.serve.engines`.

It is asked about the run of a task's example and its exports to every target, and tried on all that it can run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from weftnet.contract._check import Broken, Check, checks, documented, expect, long
from weftnet.contract._near import near
from weftnet.contract._runs import suited
from weftnet.contract._scene import Scene
from weftnet.data.sources import source_of
from weftnet.data.sources._place import Place
from weftnet.errors import MissingExtra, RunError
from weftnet.export import write
from weftnet.export.fault import ExportError
from weftnet.export.targets import TARGETS
from weftnet.serve.engines import ENGINES
from weftnet.serve.engines._engine import Stored
from weftnet.serve.model import Model

#: rows that are asked
_ROWS = 5


@dataclass(frozen=True)
class _Case:
    engine: Any
    scene: Scene
    folders: tuple[Path, ...]
    raw: Mapping[str, Any]

    def models(self) -> Iterator[Model]:
        """What it can run, loaded."""
        refused = []
        for folder in self.folders:
            stored = Stored.read(folder)
            try:
                source = self.engine.source(stored)
            except RunError as reason:
                refused.append(f"{folder.name} {reason.what}")
                continue
            yield self.engine.load(stored, source, 1)
        if len(refused) == len(self.folders):
            raise Broken("it can run neither the run nor any export of it", got="; ".join(refused))


def engine(name: str) -> list[Check]:
    """The checks of an engine."""
    return checks(name, ENGINES.get, [_described, _answers, _alone, _refuses, _documented])


def _case(cls: Any) -> _Case:
    scene, folders, raw = _folders()
    return _Case(cls(), scene, folders, raw)


@lru_cache(maxsize=1)
def _folders() -> tuple[Scene, tuple[Path, ...], Mapping[str, Any]]:
    """A run and its exports, and raw rows; made once."""

    def tried(scene: Scene) -> tuple[Scene, tuple[Path, ...], Mapping[str, Any]]:
        loaded = scene.trained()
        source = str(scene.example.source)
        content = source_of(Place(source, Path(source))).read(Path(source))
        raw = {field.name: content.columns[field.name][:_ROWS] for field in loaded.preprocessing.fields}
        loaded.predict(raw)
        folders = [loaded.run.folder]
        for target in TARGETS:
            folder = scene.path(f"served-{target}")
            try:
                write(loaded, folder, target)
            except (ExportError, MissingExtra):
                continue
            folders.append(folder)
        return scene, tuple(folders), raw

    return suited(tried)


def _described(cls: Any) -> None:
    """It says when it is preferred, and whether it needs torch."""
    preference, needs = cls.preference, cls.needs_torch
    expect(
        isinstance(preference, int) and preference >= 0, "its preference", expected="0, 1, 2 …", got=repr(preference)
    )
    expect(isinstance(needs, bool), "needs_torch is no bool", got=repr(needs))


@long
def _answers(cls: Any) -> None:
    """What it says that it can run gives the run's answers."""
    case = _case(cls)
    expected = case.scene.trained().predict(case.raw)
    for model in case.models():
        answers = model.run(case.raw, {})
        where = model.folder.name
        expect(len(answers) == _ROWS, f"{where}: answers are missing", expected=str(_ROWS), got=str(len(answers)))
        for answer, other in zip(answers, expected, strict=True):
            expect(near(answer, other), f"{where}: an answer is another", expected=str(other), got=str(answer))
        fields = case.scene.trained().preprocessing.fields
        expect(tuple(model.fields) == tuple(fields), f"{where}: the fields are others", got=str(model.fields))


@long
def _alone(cls: Any) -> None:
    """A row is answered the same alone as beside others."""
    case = _case(cls)
    for model in case.models():
        together = model.run(case.raw, {})
        for row in range(_ROWS):
            (alone,) = model.run({name: values[row : row + 1] for name, values in case.raw.items()}, {})
            expect(near(alone, together[row]), f"row {row} is answered otherwise alone", got=str(alone))


@long
def _refuses(cls: Any) -> None:
    """An export to a target that nobody knows is refused with its reason."""
    case = _case(cls)
    (export,) = [each for each in map(Stored.read, case.folders[1:2]) if each.export is not None]
    assert export.export is not None
    strange = Stored(export.folder, export=replace(export.export, target="nowhere", alone=False))
    try:
        case.engine.source(strange)
    except RunError as reason:
        expect(bool(reason.what), "the refusal says nothing")
    else:
        raise Broken("it would load an export to another target", fix="ask stored.exported_to(…), and export.alone")


def _documented(cls: Any) -> None:
    """It says what it runs."""
    documented(cls)
