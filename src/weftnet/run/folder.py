"""The run folder: everything a training leaves behind, as JSON, YAML and safetensors. Opening one runs no code.

    run.json             format, versions, seed, task, data source and fingerprint, signals, status, the names of
                         what plugins brought, and the manifest:
                         `files` and `sizes`, the sha256 and the bytes of every file below
    architecture.yaml    complete, the task's head included
    recipe.json          how it was trained
    data.json            the fitted preprocessing
    weights.safetensors  the final weights; of a run that names a base what differs from it, as delta.safetensors
    history.jsonl        one line per evaluation
    metrics.json         the metrics of the final weights
    examples.json        what each group of examples says of the metric that decides
    checkpoints/         while training: the last two
    samples/             examples that a generative run made

Statuses: created → training → finished, stopped (Ctrl-C) or failed; all but `finished` can be resumed.
Fields that this version doesn't know are left as they are; a run of a newer format is refused.
"""

import json
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weftnet import plugins
from weftnet.base.files import inside, json_text, parse_json, probe, read_json, read_text, write_json, write_text
from weftnet.base.foreign import reading
from weftnet.base.lock import held
from weftnet.base.replacing import occupied
from weftnet.base.typed import brief
from weftnet.base.workplace import whole
from weftnet.errors import RunError
from weftnet.run.facts import RunFacts, Status, check_history
from weftnet.run.lineage import Delta
from weftnet.run.listed import Listed

if TYPE_CHECKING:
    from torch import Tensor, nn

FORMAT = 1
#: the file of all weights, and that of those which differ from a base's
WEIGHTS, DELTA = "weights.safetensors", "delta.safetensors"
#: bytes that must be free for a run's text files
_SMALL_FILES = 1 << 16


class Run(Listed):
    """A run folder; made by `Run.create` or `Run.open`. What run.json says is in `facts`.

    >>> run = weftnet.Run.open("runs/digits/mlp-seed0")
    >>> run.status, run.facts.seed
    ('finished', 0)

    Args:
        folder: its path.
        document: the content of run.json, with the fields of later versions.

    Raises:
        DamagedCheckpoint: the document is not what `create` writes.
    """

    def __init__(self, folder: Path, document: Mapping[str, Any]) -> None:
        self.folder, self.document = folder, dict(document)
        self.facts = RunFacts.read(self.document, self._where)

    @classmethod
    def create(
        cls,
        folder: str | Path,
        *,
        architecture: str,
        recipe: Mapping[str, Any],
        task: Mapping[str, Any],
        data: Mapping[str, Any],
        signals: Mapping[str, str],
        state: Mapping[str, Any],
        seed: int = 0,
    ) -> "Run":
        """Make a new run in a folder that does not exist or is empty; after a kill it is whole or absent.

        Args:
            folder: its path.
            architecture: the complete architecture as YAML.
            recipe: `Recipe.to_dict()`.
            task: {"name": …, "settings": …, "metrics": […], "score": …}.
            data: {"source": …, "fingerprint": …}, enough to open the data again.
            signals: the data's inputs in their written form.
            state: the fitted preprocessing.
            seed: the recipe's.

        Raises:
            RunError: the folder is not empty or can't be written, or its disk is full.
        """
        folder = Path(folder)
        if occupied(folder):
            fix = "give another folder, or resume the run with `weftnet resume`"
            raise RunError("the folder is not empty", where=str(folder), fix=fix)
        probe(folder, _SMALL_FILES)
        document = {
            "format": FORMAT,
            "versions": {name: _version(name) for name in ("weftnet", "torch")} | {"python": platform.python_version()},
            "platform": platform.platform(),
            "seed": seed,
            "task": dict(task),
            "data": dict(data),
            "signals": dict(signals),
            "status": "created",
            "files": {},
        }
        if brought := plugins.record():
            document["plugins"] = brought
        with whole(folder) as new:
            run = cls(new, document)
            write_text(new / "architecture.yaml", architecture)
            write_json(new / "recipe.json", recipe)
            write_json(new / "data.json", state)
            run.sign("architecture.yaml", "recipe.json", "data.json")
        run.folder = folder
        return run

    @classmethod
    def open(cls, folder: str | Path) -> "Run":
        """Read a run folder.

        Raises:
            RunError: there is none, or it was written by a newer weftnet.
            DamagedCheckpoint: run.json is not what `create` writes.
        """
        with reading(folder, "is no run", error=RunError):
            return cls._opened(Path(folder))

    @classmethod
    def _opened(cls, folder: Path) -> "Run":
        path = folder / "run.json"
        if not path.is_file():
            what = "is no run folder: it has no run.json" if folder.is_dir() else "there is no such folder"
            raise RunError(what, where=str(folder))
        document = read_json(path)
        if isinstance(document.get("format"), int) and document["format"] > FORMAT:
            expected = f"format {FORMAT} or older"
            got = f"format {brief(document['format'])}"
            fix = "a newer weftnet opens it: pip install --upgrade weftnet"
            raise RunError("was written by a newer weftnet", where=str(path), expected=expected, got=got, fix=fix)
        run = cls(folder, document)
        plugins.recall(run.facts.plugins)
        for name in run.facts.files:
            inside(folder, name)
        return run

    @property
    def status(self) -> Status:
        """How far it got."""
        return self.facts.status

    @property
    def steps(self) -> int | None:
        """How many steps the whole training takes, once that is known."""
        return self.facts.steps

    @property
    def waiting(self) -> float | None:
        """The share of the training's time in which it waited for data; None if that was not measured."""
        seconds, waited = self.facts.seconds, self.facts.waited
        return waited / seconds if seconds and waited is not None else None

    def remember(self, **fields: Any) -> None:
        """Set fields of run.json, in memory alone.

        Raises:
            DamagedCheckpoint: a field is of the wrong type; nothing is changed then.
        """
        document = self.document | fields
        self.facts, self.document = RunFacts.read(document, self._where), document

    def record(self, **fields: Any) -> None:
        """Set fields of run.json.

        Raises:
            DamagedCheckpoint: a field is of the wrong type; nothing is written then.
            RunError: the file can't be written.
        """
        self.remember(**fields)
        write_json(self.folder / "run.json", self.document)

    @property
    def weights_file(self) -> str:
        """The name of the file that its answers are computed from."""
        if self.facts.engine is not None:
            return self.facts.engine.file
        return WEIGHTS if self.facts.delta is None else DELTA

    @property
    def checksum(self) -> str:
        """The sha256 of that file; "" before it is written."""
        return self.facts.files.get(self.weights_file, "")

    @property
    def history(self) -> list[dict[str, Any]]:
        """The evaluations so far."""
        name = "history.jsonl"
        if not (self.folder / name).is_file():
            return []
        path = self.file(name)
        lines = [parse_json(line, f"{path}: line {row}") for row, line in enumerate(read_text(path).splitlines(), 1)]
        check_history(lines, str(path))
        return lines

    def write_history(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Replace the history."""
        if "history.jsonl" in self.facts.files:
            signed = self.facts.files.items()
            self.record(files={name: checksum for name, checksum in signed if name != "history.jsonl"})
        write_text(self.folder / "history.jsonl", "".join(json.dumps(line) + "\n" for line in lines))

    def save_weights(self, model: "nn.Module", metrics: Mapping[str, Any]) -> None:
        """Write the final weights and their metrics."""
        from weftnet.base import tensors  # here, so that runs can be listed without torch

        self._save(WEIGHTS, lambda new: tensors.write(new, model.state_dict()), metrics)

    def save_delta(self, own: "Mapping[str, Tensor]", delta: Delta, metrics: Mapping[str, Any]) -> None:
        """Write what differs from the weights of a base, and the metrics of the whole."""
        from weftnet.base import tensors

        self.record(delta=asdict(delta))
        self._save(DELTA, lambda new: tensors.write(new, own), metrics)

    def _save(self, name: str, write: Callable[[Path], object], metrics: Mapping[str, Any]) -> None:
        self.put(name, write)
        self.put_text("metrics.json", json_text(metrics))
        if (self.folder / "history.jsonl").is_file():
            self.sign("history.jsonl")

    def load_weights(self, model: "nn.Module") -> None:
        """Fill a model, built from architecture.yaml, with the final weights.

        Raises:
            RunError: there are none, or they belong to another model.
            DamagedCheckpoint: the file is damaged.
        """
        from weftnet.base import tensors

        path = self.file(WEIGHTS)
        weights, expected = tensors.load(path), model.state_dict()
        for name in weights.keys() & expected.keys():
            if weights[name].is_floating_point() != expected[name].is_floating_point():
                what = f"the weights don't fit the model: {name} is of another type"
                raise RunError(what, where=str(path), expected=str(expected[name].dtype), got=str(weights[name].dtype))
        try:
            model.load_state_dict(weights)
        except RuntimeError as error:
            raise RunError(f"the weights don't fit the model: {error}", where=str(path)) from error

    @property
    def _where(self) -> str:
        return str(self.folder / "run.json")

    @contextmanager
    def training(self) -> Iterator[None]:
        """Set the status to `training`; to `stopped` or `failed` if an exception ends it. No other process may write.

        Raises:
            Held: another process writes the run.
        """
        with held(self.folder):
            self.record(status="training")
            try:
                yield
            except BaseException as error:
                with suppress(RunError):  # a full disk must not hide the first error
                    if isinstance(error, KeyboardInterrupt):
                        self.record(status="stopped")
                    else:
                        self.record(status="failed", reason=f"{type(error).__name__}: {error}")
                raise


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
