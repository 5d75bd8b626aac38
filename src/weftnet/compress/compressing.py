"""A run → smaller runs: try, measure, keep what is on the frontier.

    1  methods for torch, each variant on the run itself; then factors of the best pruned network
    2  methods for ONNX Runtime, on the run and on the smallest networks of step 1 that are within the drop
    3  everything is loaded from its folder and measured side by side
    4  what the contract accepts and no other dominates moves to FOLDER/NAME; the rest is deleted

The time of all trainings together is `budget` seconds, shared evenly.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from weftnet.answer.samples import draws
from weftnet.base.files import sha256, write_json
from weftnet.compress import contract
from weftnet.compress.contract import FILE, Compression, Goal, Row, choose, frontier, objections
from weftnet.compress.emit import write_onnx
from weftnet.compress.means import Means, Skipped
from weftnet.compress.measure import size_of, timings
from weftnet.compress.methods import METHODS
from weftnet.data import Data
from weftnet.errors import DataError, MissingExtra, RunError, SettingError, WeftnetError
from weftnet.run.loading import Loaded, load

BUDGET = 60.0
#: names of the two baselines
RUN, ONNX = "run", "onnx"
#: pruned and factored networks that are also quantised
PARENTS = 2


@dataclass(frozen=True)
class Plan:
    """What is tried.

    Args:
        methods: names of METHODS.
        budget: seconds of all trainings together.
        seed: of everything random.
    """

    methods: Sequence[str] = ()
    budget: float = BUDGET
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.budget >= 0:
            raise SettingError("the budget is no time", expected="0 or more seconds", got=str(self.budget))

    @property
    def entries(self) -> dict[str, Any]:
        """The methods by name, all of them if none is named; those for torch first, in the order they combine."""
        given = {name: METHODS.get(name) for name in self.methods or METHODS.names()}
        return dict(sorted(given.items(), key=lambda entry: entry[1].order))


def compress(
    loaded: Loaded,
    data: Data,
    folder: Path,
    goal: Goal | None = None,
    plan: Plan | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Compression:
    """Try every method of the plan on a run, and keep the best of what is smaller and faster and as good.

    Args:
        loaded: a run that torch answers for.
        data: the run's.
        folder: a new or empty one.
        goal: what is asked for.
        plan: what is tried.
        tell: is told what is being done.

    Raises:
        RunError: the run can't be compressed, or the folder is not empty.
        DataError: the data are not the run's, or have no validation split.
        MissingExtra: a library is not installed.
    """
    goal, plan = goal or Goal(), plan or Plan()
    refuse(loaded, data)
    entries = plan.entries
    if folder.is_dir() and any(folder.iterdir()):
        raise RunError("the folder is not empty", where=str(folder), fix="give another --out, or add --replace")
    work = folder / ".work"
    work.mkdir(parents=True, exist_ok=True)
    try:
        workshop = Workshop(loaded, data, work, goal, _means(loaded, data, plan, entries), tell)
        workshop.fill(entries)
        tell("measuring")
        rows = judged(workshop.rows(), goal)
        return _keep(workshop, rows, folder, goal, plan)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def refuse(loaded: Loaded, data: Data) -> None:
    """Refuse what can't be compressed, and data that can't judge it.

    Raises:
        RunError, DataError: with the reason.
    """
    run = loaded.run
    if run.facts.engine is not None:
        what = "ONNX Runtime answers for this run: its weights are in eight bits or fused already"
        raise RunError(what, where=str(run.folder), fix="compress the run it was made of")
    if draws(loaded):
        what = "it draws samples, and whether smaller weights spoil them no score on held-out data can say"
        raise RunError(what, where=str(run.folder), expected="a run that answers: classification, regression …")
    if tuple(loaded.model) != ("network",):
        raise RunError("has no single network that answers", where=str(run.folder), got=", ".join(loaded.model))
    if data.fingerprint != run.facts.data.fingerprint:
        raise DataError(
            "these are not the data the run was trained on",
            where=data.source,
            expected=f"fingerprint {run.facts.data.fingerprint}",
            got=data.fingerprint,
            fix="name them with --data, or restore them",
        )
    if not data.sizes.get("validation"):
        raise DataError("there is no validation split to judge by", where=data.source, got=str(data.sizes))


class Workshop:
    """The runs that are tried, in folders of their own.

    Args:
        loaded: the run.
        data: its data.
        folder: where they lie.
        goal: which networks are worth going on with.
        means: what the methods may use.
        tell: is told what is being done.
    """

    def __init__(
        self, loaded: Loaded, data: Data, folder: Path, goal: Goal, means: Means, tell: Callable[[str], None]
    ) -> None:
        self.loaded, self.data, self.folder, self.goal, self.means, self.tell = loaded, data, folder, goal, means, tell
        self.runs: dict[str, Loaded] = {RUN: loaded}
        self.skipped: dict[str, str] = {}
        self.scores: dict[str, float] = {RUN: self._score(loaded)}

    def fill(self, entries: Mapping[str, Any]) -> None:
        """Try all methods, alone and one after another."""
        torch = [entry for entry in entries.values() if entry.engine == "torch"]
        for position, entry in enumerate(torch):
            parents = [RUN, *self.best(1)] if position else [RUN]
            for parent in parents:
                self.apply(entry, parent)
        parents = [RUN, *self.best(PARENTS)]
        for entry in entries.values():
            if entry.engine == "onnx":
                for parent in parents:
                    self.apply(entry, parent)
        if any(entry.engine == "onnx" for entry in entries.values()):
            self.tell(ONNX)
            self._add(ONNX, lambda folder: write_onnx(self.loaded, folder, self.means))

    def apply(self, entry: Any, parent: str) -> None:
        """A method's variants on a run; on another than the first only the first variant."""
        for setting in entry.variants if parent == RUN else entry.variants[:1]:
            name = entry.label(**setting) if parent == RUN else f"{parent}+{entry.label(**setting)}"
            self.tell(name)
            self._add(name, lambda at, s=setting: entry.apply(self.runs[parent], self.means, at, **s))
            if name in self.skipped or (entry.engine == "onnx" and self._within(name)):
                break  # what does not apply does so with no setting; other scales are for where the first ones fail

    def best(self, count: int) -> list[str]:
        """The smallest networks so far that are within the drop."""
        good = [name for name in self.runs if name != RUN and self._within(name)]
        return sorted(good, key=lambda name: size_of(self.runs[name]))[:count]

    def _within(self, name: str) -> bool:
        task = self.loaded.task
        return contract.drop(task.score, task.better, self.scores[RUN], self.scores[name]) <= self.goal.max_drop

    def rows(self) -> list[Row]:
        """Everything measured, side by side; the baseline first."""
        metric, better = self.loaded.task.score, self.loaded.task.better
        measured = timings(self.runs, RUN, self.data)
        rows = [
            Row(
                name,
                "baseline" if name in (RUN, ONNX) else "refused",
                bytes=size_of(run),
                timing=measured[name],
                score=self.scores[name],
                drop=contract.drop(metric, better, self.scores[RUN], self.scores[name]),
                parameters=sum(p.numel() for p in run.model.parameters()) or None,
            )
            for name, run in sorted(self.runs.items(), key=lambda entry: (entry[0] != RUN, entry[0] != ONNX))
        ]
        return rows + [Row(name, "not applicable", reason) for name, reason in self.skipped.items()]

    def _add(self, name: str, make: Callable[[Path], Any]) -> None:
        try:
            made = make(self.folder / name)
        except MissingExtra:
            raise
        except WeftnetError as error:
            made = Skipped(f"failed: {error.what}")
        if isinstance(made, Skipped):
            self.skipped[name] = made.reason
            return
        self.runs[name] = load(self.folder / name)
        self.scores[name] = self._score(self.runs[name])

    def _score(self, loaded: Loaded) -> float:
        return loaded.metrics(self.data, "validation")[loaded.task.score]


def judged(rows: Sequence[Row], goal: Goal) -> list[Row]:
    """The rows with their verdicts."""
    baseline, objected = rows[0], {row.name: objections(row, rows[0], goal) for row in rows if row.timing}
    accepted = {
        row.name: row.point for row in rows if row.timing and row.verdict != "baseline" and not objected[row.name]
    }
    kept = frontier(accepted)

    def verdict(row: Row) -> Row:
        if row is baseline or row.verdict in ("baseline", "not applicable"):
            return row
        if row.name not in accepted:
            return replace(row, verdict="refused", reason=objected[row.name])
        if row.name in kept:
            return replace(row, verdict="kept")
        return replace(row, verdict="dominated", reason="another is as small, as fast and as good")

    return [verdict(row) for row in rows]


def _keep(workshop: Workshop, rows: Sequence[Row], folder: Path, goal: Goal, plan: Plan) -> Compression:
    """Move what is kept into place, and write the table."""
    loaded, metric = workshop.loaded, workshop.loaded.task.score
    chosen, why = choose({row.name: row for row in rows if row.verdict == "kept"}, goal)
    tested = list(_tested(rows, workshop))
    for row in tested:
        if row.verdict == "kept":
            run = workshop.runs[row.name].run
            run.record(scores={"validation": {metric: row.score}, "test": {metric: row.test}})
            (workshop.folder / row.name).rename(folder / row.name)
    origin = dict(workshop.means.origin)
    facts = {"run": origin, "methods": list(plan.entries), "budget": plan.budget, "seed": plan.seed}
    facts |= {"data": asdict(loaded.run.facts.data), "sizes": dict(workshop.data.sizes)}
    result = Compression(folder, metric, goal, tuple(tested), chosen, why, facts)
    write_json(folder / FILE, result.document())
    return result


def _tested(rows: Sequence[Row], workshop: Workshop) -> Iterator[Row]:
    for row in rows:
        if row.verdict in ("kept", "baseline") and workshop.data.sizes.get("test"):
            found = workshop.runs[row.name].metrics(workshop.data, "test")
            row = replace(row, test=found[workshop.loaded.task.score])
        yield row


def _means(loaded: Loaded, data: Data, plan: Plan, entries: Mapping[str, Any]) -> Means:
    torch = [entry for entry in entries.values() if entry.engine == "torch"]
    trainings = sum(len(entry.variants) for entry in torch) + max(len(torch) - 1, 0)
    origin = {"folder": str(loaded.run.folder), "weights": sha256(loaded.run.file("weights.safetensors"))}
    return Means(data, plan.budget / max(trainings, 1), plan.seed, origin)
