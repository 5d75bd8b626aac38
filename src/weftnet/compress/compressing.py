"""A run → smaller runs: try, measure, keep what is on the frontier.

    1  methods for torch, each variant on the run itself; then low-rank factors of the best pruned network
    2  methods for ONNX Runtime, on the run and on the smallest networks of step 1 that are within the drop
    3  everything is loaded from its folder and measured side by side
    4  runs that the contract accepts and no other dominates move to FOLDER/NAME; the rest is deleted

The total training time is `budget` seconds, shared evenly.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from weftnet.architecture.spec import Architecture
from weftnet.base.files import sha256, write_json
from weftnet.base.replacing import clear, occupied, protect
from weftnet.base.workplace import whole
from weftnet.compose.sharing import shared_targets
from weftnet.compress.contract import FILE, Compression, Goal, Row, choose, judge, own_files
from weftnet.compress.methods import METHODS
from weftnet.compress.resources import Method, Resources
from weftnet.compress.trials import Trials
from weftnet.data.data import Data
from weftnet.errors import DataError, RunError, SettingError
from weftnet.run.loading import Loaded

BUDGET = 60.0


@dataclass(frozen=True)
class Settings:
    """What is tried.

    Args:
        methods: names of METHODS; if there are none, all but those that are tried on request.
        budget: seconds of all training together.
        seed: of everything random.
        student: a smaller network, without a head, for methods that train one.
    """

    methods: Sequence[str] = ()
    budget: float = BUDGET
    seed: int = 0
    student: Architecture | None = None

    def __post_init__(self) -> None:
        if not self.budget >= 0:
            raise SettingError("the budget must be at least 0 seconds", where="budget", got=str(self.budget))

    @property
    def entries(self) -> dict[str, type[Method]]:
        """The methods by name, in the order in which they combine: those for torch first."""
        usual = [name for name in METHODS.names() if not getattr(METHODS.get(name), "on_request", False)]
        entries: dict[str, type[Method]] = {name: METHODS.get(name) for name in self.methods or usual}
        return dict(sorted(entries.items(), key=lambda entry: entry[1].order))


def compress(
    loaded: Loaded,
    data: Data,
    folder: Path,
    goal: Goal | None = None,
    settings: Settings | None = None,
    notify: Callable[[str], None] = lambda _: None,
    replaced: Iterable[str | Path] | None = None,
) -> Compression:
    """Try methods on a run, and keep the best of what is smaller and faster and as good.

    Args:
        loaded: a run whose engine is torch.
        data: of the run.
        folder: a new or empty one; it appears complete or not at all.
        goal: what a compressed run has to reach.
        settings: what is tried.
        notify: is called with the name of each step.
        replaced: the paths that are read, where an earlier compression in the folder shall be replaced; else None.

    Raises:
        RunError: the run can't be compressed, or the folder is not empty or must stay.
        DataError: the data are not the run's, or have no validation split.
        MissingExtra: a library is not installed.
    """
    goal, settings = goal or Goal(), settings or Settings()
    check_compressible(loaded, data)
    entries = settings.entries
    aside: list[Path | None] = [None]

    def clear_folder() -> None:
        if occupied(folder):
            aside[0] = clear(folder, own_files(folder))

    if occupied(folder):
        if replaced is None:
            raise RunError("the folder is not empty", where=str(folder), fix="choose another --out, or add --replace")
        protect(folder, replaced)
        own_files(folder)  # raises before anything is tried
    with whole(folder, clear_folder if replaced is not None else None) as new, _work(new) as work:
        trials = Trials(loaded, data, work, goal, _resources(loaded, data, settings, entries), notify)
        trials.try_all(entries)
        notify("measuring")
        rows = judge(trials.rows(), goal)
        result = _keep(trials, rows, new, goal, settings)
    return replace(result, folder=folder, aside=aside[0])


@contextmanager
def _work(folder: Path) -> Iterator[Path]:
    """A folder for everything that is tried, gone before the one around it is shown."""
    work = folder / ".work"
    work.mkdir()
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def check_compressible(loaded: Loaded, data: Data) -> None:
    """Refuse runs that can't be compressed, and data that can't evaluate the result.

    Raises:
        RunError, DataError: with the reason.
    """
    run = loaded.run
    if run.facts.engine is not None:
        what = "the engine of this run is ONNX Runtime: its weights are in eight bits or fused already"
        raise RunError(what, where=str(run.folder), fix="compress the run it was made from")
    if tuple(loaded.model) != ("network",):
        why = f"not applicable, because it has several networks, {' and '.join(loaded.model)}: methods cut a single one"
        raise RunError("it has no single network that answers", where=str(run.folder), got=why)
    reads = getattr(loaded.model["network"], "inputs", loaded.signals)
    if len(reads) > len(loaded.signals):  # a lone input may have a name of its own
        more = ", ".join(sorted(set(reads) - set(loaded.signals)))
        got = f"not applicable, because it reads {more}, and methods try it on the data's inputs alone"
        raise RunError("its network reads more than the data hold", where=str(run.folder), got=got)
    if shared_targets(loaded.model):
        why = "not applicable, because no method cuts shared weights in all their places"
        raise RunError("its nodes share weights", where=str(run.folder), got=why)
    if data.fingerprint != run.facts.data.fingerprint:
        raise DataError(
            "these are not the data the run was trained on",
            where=data.source,
            expected=f"fingerprint {run.facts.data.fingerprint}",
            got=data.fingerprint,
            fix="name them with --data, or restore them",
        )
    if not data.sizes.get("validation"):
        raise DataError("there is no validation split to evaluate on", where=data.source, got=str(data.sizes))


def _resources(loaded: Loaded, data: Data, settings: Settings, entries: Mapping[str, type[Method]]) -> Resources:
    """The budget, shared evenly by all runs that are trained: every variant, and one combination for each method."""
    for_torch = [entry for entry in entries.values() if entry.engine == "torch"]
    trained = sum(len(entry.variants) for entry in for_torch) + max(len(for_torch) - 1, 0)
    origin = {"folder": str(loaded.run.folder), "weights": sha256(loaded.run.file(loaded.run.weights_file))}
    return Resources(data, settings.budget / max(trained, 1), settings.seed, origin, settings.student)


def _keep(trials: Trials, rows: Sequence[Row], folder: Path, goal: Goal, settings: Settings) -> Compression:
    """Move the runs that are kept into place, and write the table."""
    loaded, score = trials.loaded, trials.loaded.scoring.deciding
    chosen, why = choose({row.name: row for row in rows if row.verdict == "kept"}, goal)
    tested = list(_with_test_scores(rows, trials))
    for row in tested:
        if row.verdict == "kept":
            run = trials.runs[row.name].run
            found = {"validation": row.score, "test": row.test}  # data may have no test split
            run.record(scores={split: {score.name: value} for split, value in found.items() if value is not None})
            (trials.folder / row.name).rename(folder / row.name)
    origin = dict(trials.resources.origin)
    facts = {"run": origin, "methods": list(settings.entries), "budget": settings.budget, "seed": settings.seed}
    facts |= {"data": asdict(loaded.run.facts.data), "sizes": dict(trials.data.sizes)}
    result = Compression(folder, score, goal, tuple(tested), chosen, why, facts)
    write_json(folder / FILE, result.document())
    return result


def _with_test_scores(rows: Sequence[Row], trials: Trials) -> Iterator[Row]:
    for row in rows:
        if row.verdict in ("kept", "baseline") and trials.data.sizes.get("test"):
            metrics = trials.runs[row.name].metrics(trials.data, "test")
            row = replace(row, test=metrics[trials.loaded.scoring.score])
        yield row
