"""What was trained: a competition and its best run, or a run, and all that can be asked of it."""

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any

from torch import nn

from weftnet.answer.predict import of_memory, of_source
from weftnet.base import html
from weftnet.base.extras import need
from weftnet.base.scores import in_unit
from weftnet.base.units import amount, duration, seconds_of
from weftnet.compete.competition import Competition, best_run
from weftnet.compete.rejoin import rejoined
from weftnet.data import Data
from weftnet.data.request import Source
from weftnet.errors import RunError
from weftnet.library.answers import Answers
from weftnet.library.compressing import Compressed, compressed
from weftnet.library.drawing import Drawing, drawing_of
from weftnet.library.evaluating import Evaluation, evaluated
from weftnet.library.explaining import Explained, Request, explained
from weftnet.library.reporting import reported
from weftnet.library.serving import Served
from weftnet.report.about import About
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded, load
from weftnet.run.own_data import data_of, split_of
from weftnet.tasks._inference import check_options

#: size and number of the batches of real examples that an export is compared on
_BATCH, _BATCHES = 64, 4


class Fit:
    """A competition with its best run, or a single run. Everything asked is asked of the run.

    >>> fit = weftnet.load("runs/digits")
    >>> fit.evaluate()["accuracy"] > 0.5
    True
    >>> fit.predict("digits")[0]["label"] in list("0123456789")
    True

    Args:
        folder: of the competition, or of a run.
        data: that it is judged by, where they are in memory; by default the run's own, opened when they are needed.
    """

    def __init__(self, folder: str | Path, data: Data | None = None) -> None:
        self.folder = Path(folder)
        self.run = Run.open(best_run(self.folder))
        self._given = data

    @cached_property
    def loaded(self) -> Loaded:
        """The run in memory: architecture, task, preprocessing and model."""
        return load(self.run)

    @property
    def network(self) -> nn.Module:
        """The trained network, in evaluation mode; of several parts an `nn.ModuleDict`.

        It reads what `fit.loaded.encode` gives, and can be trained further, copied, pickled, compiled and exported as
        any other module.
        """
        model = self.loaded.model
        return next(iter(model.values())) if len(model) == 1 else model

    @cached_property
    def data(self) -> Data:
        """The data that the run is judged by.

        Raises:
            DataError: they are not where they were, or have changed.
        """
        return self._given if self._given is not None else data_of(self.loaded, None)

    @cached_property
    def competition(self) -> Competition | None:
        """The competition that the run won; None for a single run."""
        return rejoined(self.folder)

    @property
    def leaderboard(self) -> Any:
        """A DataFrame of pandas with a row for each network, the best first.

        Raises:
            MissingExtra: pandas is not installed.
            RunError: it is a single run.
        """
        pandas = need("pandas", extra="pandas", what="the leaderboard as a table")
        result = self._competition()
        rows = []
        for each in result.standings:
            row: dict[str, Any] = {"network": each.name, "baseline": each.baseline}
            for split, metrics in each.metrics.items():
                row |= {f"{split} {name}": value.mean for name, value in metrics.items()}
            row |= {"parameters": each.parameters, "flops": each.flops, "steps": each.trained.steps}
            rows.append(row | {"seconds": each.seconds, "latency": each.latency, "why": each.why})
        return pandas.DataFrame(rows)

    def _competition(self) -> Competition:
        if self.competition is None:
            fix = "leaderboards are those of competitions: weftnet.load(FOLDER OF THE FIT)"
            raise RunError("is a single run", where=str(self.folder), fix=fix)
        return self.competition

    def predict(self, examples: Source, **ask: Any) -> Answers:
        """An answer for each example, from the run's folder alone.

        Args:
            examples: a file or folder, or in memory what `open_data` takes; a list of texts, pictures or paths for a
                run that reads a single column; one row as {column: value}.
            ask: options of the question, where the task takes any.

        Raises:
            WeftnetError: an example can't be used, or there is no such option.
        """
        check_options(self.run.facts.task.name, ask)
        named = isinstance(examples, str | Path)
        stream = of_source(self.loaded, str(examples), ask) if named else of_memory(self.loaded, examples, ask)
        return Answers.of_stream(stream)

    def evaluate(self, data: Source | Data | None = None, split: str | None = None) -> Evaluation:
        """The metrics by name, on the test split if there is one.

        Args:
            data: other data, with the target; by default the run's own.
            split: train, validation or test.

        Raises:
            DataError: the data can't be read, lack the target, or have no such split.
        """
        return evaluated(self.loaded, self._of(data), split)

    def _of(self, data: Source | Data | None) -> Data:
        if data is None:
            return self.data
        return data if isinstance(data, Data) else data_of(self.loaded, data)

    def explain(
        self,
        examples: Source | None = None,
        *,
        rows: Sequence[int] = (),
        method: str | None = None,
        target: str | None = None,
        checks: int = 0,
        **settings: Any,
    ) -> Explained:
        """Which pieces of an example its answer depends on.

        Args:
            examples: a file, a folder, values in memory; by default some of the run's own.
            rows: which of them, from 1.
            method: by name; by default the one that suits the network.
            target: a label; by default the predicted one.
            checks: how many examples sanity checks are measured on.
            settings: of the method.

        Raises:
            WeftnetError: an example can't be read, or the method can't be used.
        """
        texts = list(examples) if isinstance(examples, list) and all(isinstance(each, str) for each in examples) else []
        sources = [] if examples is None or texts else [examples]
        request = Request(sources, texts, rows, method, target, checks, settings)
        return explained(self.loaded, request, self.data if not sources and not texts else None)

    def report(
        self, out: str | Path | None = None, *, data: Source | None = None, split: str | None = None,
        by: Sequence[str] = (), about: Mapping[str, str] | None = None,
    ) -> Path:  # fmt: skip
        """Write one HTML file: score, mistakes, reasons, cost, provenance. Its path.

        Args:
            out: NAME.html; NAME.pdf, which a browser prints; NAME.md, a model card; by default report.html there.
            data: others to judge it by.
            split: that is judged.
            by: columns whose groups are scored apart; they need not be inputs.
            about: what you say of it: use, not_for, limits, data, license, contact, pipeline_tag.
        """
        said = None if about is None else About.of(about, "about")
        path, named = None if out is None else Path(out), data is not None
        return reported(self.loaded, partial(self._of, data), path, named=named, split=split, by=by, about=said)[0][-1]

    def draw(self, out: str | Path | None = None) -> Drawing:
        """The network, its head included, as a drawing; written to NAME.svg or NAME.mmd if `out` says so."""
        drawn = drawing_of(self.loaded.architecture, self.loaded.signals)
        if out is not None:
            drawn.save(out)
        return drawn

    def compress(
        self,
        *,
        max_drop: float = 0.5,
        target_latency: str | float | None = None,
        methods: Sequence[str] = (),
        student: Any = None,
        budget: str | float = 60.0,
        out: str | Path | None = None,
        seed: int = 0,
        replace: bool = False,
    ) -> Compressed:
        """Smaller and faster runs whose score dropped by no more than `max_drop`; `compressed.run` is the chosen one.

        Args:
            max_drop: of the score, in its unit.
            target_latency: for one example, "2ms".
            methods: names; by default all.
            student: a smaller network for methods that train one.
            budget: training time of all methods together.
            out: the folder; by default compressed/ in the run's.
            seed: of everything random.
            replace: whether an earlier compression there is deleted.

        Raises:
            WeftnetError: the run can't be compressed.
        """
        latency = seconds_of(target_latency, "target latency")
        time = seconds_of(budget, zero=True) or 0.0
        place = Path(out) if out is not None else self.run.folder / "compressed"
        goal = {"max_drop": max_drop, "target_latency": latency}
        return compressed(self.loaded, self.data, place, goal, (tuple(methods), time, seed, student), replace)

    def export(self, to: str = "onnx", out: str | Path | None = None, *, data: Source | None = None) -> Any:
        """The run as a folder for another engine, which computes the same numbers: `exported.folder`.

        Args:
            to: a target: onnx, torch_export …
            out: a new folder; by default export/TARGET in the run's.
            data: real examples to compare on, besides random ones.

        Raises:
            WeftnetError: it can't be exported, or computes different numbers.
        """
        from weftnet import export

        own = None if data is None else self._of(data)
        batches = [] if own is None else list(islice(own.batches(split_of(own), _BATCH), _BATCHES))
        return export.write(self.loaded, Path(out or self.run.folder / "export" / to), to, batches)

    def serve(self, *, name: str = "", host: str = "127.0.0.1", port: int = 0) -> Served:
        """The run behind HTTP, with its page, until `stop()`; by default on a free port of this machine.

        Raises:
            RunError: the server does not answer.
        """
        return Served.start(name or self.run.facts.data.name or "model", self.run.folder, host, port)

    def __repr__(self) -> str:
        return f"Fit({str(self.folder)!r}): {self._said}"

    @property
    def _said(self) -> str:
        """The run's task, and its score on the split that judges it."""
        facts, scores = self.run.facts, self.run.facts.scores or {}
        split = next((each for each in ("test", "validation") if scores.get(each)), "")
        told = ", ".join(in_unit_of(self, name, value) for name, value in scores.get(split, {}).items())
        return f"{facts.task.name} of {facts.data.name}" + (f", {split}: {told}" if told else "")

    def _repr_html_(self) -> str:
        body = [html.heading(self._said), html.line(str(self.folder), soft=True)]
        if self.competition is not None:
            body += [board_of(self.competition), html.line(self.competition.reason)]
        return html.shown(*body, self.draw()._repr_html_())


def in_unit_of(fit: Fit, name: str, value: float) -> str:
    """A metric in its unit, with its name."""
    return f"{name} {in_unit(value, fit.loaded.scoring.unit(name))}"


def board_of(result: Competition) -> str:
    """The leaderboard as HTML."""
    factor, digits, unit = result.score.scale
    head = ["network", f"validation {result.score.name}{unit}", "test", "parameters", "training", "latency"]
    rows = [
        [
            each.label, each.score.text(factor, digits), each.test.text(factor, digits) if each.test else "–",
            amount(each.parameters), duration(each.seconds), duration(each.latency),
        ]
        for each in result.standings
    ]  # fmt: skip
    return html.table(head, rows, best=0)


def load_fit(
    folder: str | Path, data: Source | Data | None = None, modules: Mapping[str, nn.Module] | None = None
) -> Fit:
    """What was trained into a folder: of a competition, or of a run.

    >>> weftnet.load("runs/digits").run.folder.name
    'mlp-seed0'

    Args:
        folder: of the competition, or of a run.
        data: the run's data, where they were in memory.
        modules: the `nn.Module`s that the network is made of, by the names of their blocks.

    Raises:
        RunError: there is none.
    """
    from weftnet.library.modules import given_again

    given_again(modules or {})
    fit = Fit(folder)
    return fit if data is None else Fit(folder, data if isinstance(data, Data) else data_of(fit.loaded, data))
