"""The runs that a compression tries: each is written into a folder of its own, loaded from it, scored and timed."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from weftnet.compress import contract
from weftnet.compress.contract import Goal, Row
from weftnet.compress.emit import write_onnx
from weftnet.compress.measure import size_of, timings
from weftnet.compress.resources import Method, NotApplicable, Resources
from weftnet.data.data import Data
from weftnet.errors import MissingExtra, WeftnetError
from weftnet.run.loading import Loaded, load

#: names of the two baselines
RUN, ONNX = "run", "onnx"
#: pruned and factorised networks that are also quantised
PARENTS = 2


class Trials:
    """All runs tried so far, by name.

    Args:
        loaded: the run to compress.
        data: its data.
        folder: where the tried runs are written.
        goal: which networks are worth combining with further methods.
        resources: what the methods may use.
        notify: is called with the name of each run before it is tried.
    """

    def __init__(
        self,
        loaded: Loaded,
        data: Data,
        folder: Path,
        goal: Goal,
        resources: Resources,
        notify: Callable[[str], None],
    ) -> None:
        self.loaded, self.data, self.folder, self.goal = loaded, data, folder, goal
        self.resources, self.notify = resources, notify
        self.runs: dict[str, Loaded] = {RUN: loaded}
        self.skipped: dict[str, str] = {}
        self.scores: dict[str, float] = {RUN: self._score(loaded)}

    def try_all(self, methods: Mapping[str, type[Method]]) -> None:
        """Try all methods, alone and combined."""
        for_torch = [method for method in methods.values() if method.engine == "torch"]
        for_onnx = [method for method in methods.values() if method.engine == "onnx"]
        for position, method in enumerate(for_torch):
            for parent in [RUN, *self.smallest(1)] if position else [RUN]:
                self.apply(method, parent)
        parents = [RUN, *self.smallest(PARENTS)]
        for method in for_onnx:
            for parent in parents:
                self.apply(method, parent)
        if for_onnx:
            self.notify(ONNX)
            self._add(ONNX, lambda folder: write_onnx(self.loaded, folder, self.resources))

    def apply(self, method: type[Method], parent: str) -> None:
        """A method's variants on the original run; only the first variant on any other."""
        variants = method.chosen(self.resources) if hasattr(method, "chosen") else method.variants
        for setting in variants if parent == RUN else variants[:1]:
            name = method.label(**setting) if parent == RUN else f"{parent}+{method.label(**setting)}"
            self.notify(name)
            self._add(name, lambda folder, s=setting: method.apply(self.runs[parent], self.resources, folder, **s))
            # a method that doesn't apply does so with no setting; other scales are for where the first ones fail
            if name in self.skipped or (method.engine == "onnx" and self._within_drop(name)):
                break

    def smallest(self, count: int) -> list[str]:
        """The smallest runs so far whose drop is within the goal."""
        good = [name for name in self.runs if name != RUN and self._within_drop(name)]
        return sorted(good, key=lambda name: size_of(self.runs[name]))[:count]

    def rows(self) -> list[Row]:
        """The table of everything tried, timed side by side; the baselines first."""
        measured = timings(self.runs, RUN, self.data)
        rows = [
            Row(
                name,
                "baseline" if name in (RUN, ONNX) else "refused",
                bytes=size_of(run),
                timing=measured[name],
                score=self.scores[name],
                drop=self._drop(name),
                parameters=sum(p.numel() for p in run.model.parameters()) or None,
            )
            for name, run in sorted(self.runs.items(), key=lambda entry: (entry[0] != RUN, entry[0] != ONNX))
        ]
        return rows + [Row(name, "not applicable", reason) for name, reason in self.skipped.items()]

    def _add(self, name: str, make: Callable[[Path], Any]) -> None:
        try:
            result = make(self.folder / name)
        except MissingExtra:
            raise
        except WeftnetError as error:
            result = NotApplicable(f"failed: {error.what}")
        if isinstance(result, NotApplicable):
            self.skipped[name] = result.reason
            return
        self.runs[name] = load(self.folder / name)
        self.scores[name] = self._score(self.runs[name])

    def _within_drop(self, name: str) -> bool:
        return self._drop(name) <= self.goal.max_drop

    def _drop(self, name: str) -> float:
        return contract.drop(self.loaded.scoring.deciding, self.scores[RUN], self.scores[name])

    def _score(self, loaded: Loaded) -> float:
        return loaded.metrics(self.data, "validation")[loaded.scoring.score]
