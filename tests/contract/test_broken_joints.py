"""No check of sources, explainers, compressors, targets, engines, listeners and signals is kept by everything."""

import copy
import itertools
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from broken import outcome, sentences, takes_long

from weftnet.architecture.spec import Block
from weftnet.compress.emit import write_torch
from weftnet.compress.methods.low_rank import LowRank
from weftnet.data.content import Content
from weftnet.errors import DataError
from weftnet.explain.request import Attribution, AttributionRequest
from weftnet.export.diverge import Inner
from weftnet.export.parity import Values
from weftnet.export.targets.torch_export import TorchExport
from weftnet.serve.engines.torch import Torch
from weftnet.tasks._propose.candidate import Candidate, light, plain
from weftnet.tasks._propose.signals.vector import vector
from weftnet.train.listeners._listener import Listener

_CALLS = itertools.count()


class Rows:
    """A source of .rows files, made of lines of numbers."""

    @staticmethod
    def example(folder: Path) -> Path:
        (folder / "a.rows").write_text("\n".join(map(str, range(24))))
        return folder / "a.rows"

    @staticmethod
    def opens(place: Any) -> float:
        return 0.9 if place.path.suffix == ".rows" and place.path.is_file() else 0.0

    @staticmethod
    def read(path: Path, *, limit: int = 1000) -> Content:
        text = path.read_text()
        if not text or len(text) > limit:
            raise DataError("too short, or too long")
        x = np.array([*map(float, text.split())])
        return Content("a", str(path), {"x": x[:, None]}, text)

    @classmethod
    def stream(cls, path: Path, folder: Path, *, memory: int, limit: int = 1000) -> Content:
        return cls.read(path, limit=limit)


class Unsure(Rows):
    @staticmethod
    def opens(place: Any) -> float:
        return 0.0


class Greedy(Rows):
    @staticmethod
    def opens(place: Any) -> float:
        return 1.0


class Ragged(Rows):
    @staticmethod
    def read(path: Path, *, limit: int = 1000) -> Content:
        content = Rows.read(path)
        return replace(content, columns={**content.columns, "more": np.zeros(3)})


class Random(Rows):
    @staticmethod
    def read(path: Path, *, limit: int = 1000) -> Content:
        return replace(Rows.read(path), fingerprint=str(next(_CALLS)))


class OtherStream(Rows):
    @classmethod
    def stream(cls, path: Path, folder: Path, *, memory: int, limit: int = 1000) -> Content:
        content = cls.read(path)
        return replace(content, columns={"x": content.columns["x"] + 1})


class Unlimited(Rows):
    @staticmethod
    def read(path: Path, *, limit: int = 1000) -> Content:
        return Rows.read(path)


class ReadsAnything(Rows):
    @staticmethod
    def read(path: Path, *, limit: int = 1000) -> Content:
        return replace(Content("a", str(path), {"x": np.zeros((1, 1))}, ""))


class WithoutRows(Rows):
    @staticmethod
    def read(path: Path, *, limit: int = 1000) -> Content:
        return replace(Rows.read(path), columns={"x": np.zeros((0, 1))})


def gradient(request: AttributionRequest) -> Attribution:
    """The gradient times the input."""
    values = {name: each.detach().clone().requires_grad_() for name, each in request.inputs.items()}
    scores = request.score(values, request.masks, request.targets.index)
    found = torch.autograd.grad(scores.sum(), list(values.values()))
    pairs = zip(values.items(), found, strict=True)
    return Attribution({name: request.views[name].per_piece((x * g).detach()) for (name, x), g in pairs})


def of_values(request: AttributionRequest) -> Attribution:
    given = gradient(request)
    return replace(given, inputs={name: each.unsqueeze(-1) for name, each in given.inputs.items()})


def of_neighbours(request: AttributionRequest) -> Attribution:
    given = gradient(request)
    return replace(given, inputs={name: each - each.mean(0) for name, each in given.inputs.items()})


def noisy(request: AttributionRequest) -> Attribution:
    given, draw = gradient(request), torch.Generator().manual_seed(next(_CALLS))
    return replace(
        given, inputs={name: each + torch.rand(each.shape, generator=draw) for name, each in given.inputs.items()}
    )


def backward(request: AttributionRequest) -> Attribution:
    torch.autograd.backward(request.score(request.inputs, request.masks, request.targets.index).sum())
    return gradient(request)


def edges(request: AttributionRequest) -> Attribution:
    return Attribution({name: request.views[name].per_piece(each) for name, each in request.inputs.items()})


class TwiceTheLabel(LowRank):
    @staticmethod
    def label(**_: Any) -> str:
        return "low"


class Shuffled(LowRank):
    @staticmethod
    def apply(loaded: Any, resources: Any, folder: Path, **setting: Any) -> Any:
        network = copy.deepcopy(loaded.model["network"])
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.zero_()
        return write_torch(loaded, loaded.architecture, network, folder, resources, {"method": "shuffled"})


class Same(LowRank):
    @staticmethod
    def apply(loaded: Any, resources: Any, folder: Path, **setting: Any) -> Any:
        return write_torch(loaded, loaded.architecture, loaded.model["network"], folder, resources, {"method": "same"})


class Meddles(LowRank):
    @staticmethod
    def apply(loaded: Any, resources: Any, folder: Path, **setting: Any) -> Any:
        run = LowRank.apply(loaded, resources, folder, **setting)
        with torch.no_grad():
            next(iter(loaded.model.parameters())).add_(1e-3)
        return run


class Noisy(LowRank):
    @staticmethod
    def apply(loaded: Any, resources: Any, folder: Path, **setting: Any) -> Any:
        network = copy.deepcopy(loaded.model["network"])
        with torch.no_grad():
            next(iter(network.parameters())).add_(1e-3 * next(_CALLS))
        return write_torch(loaded, loaded.architecture, network, folder, resources, {"method": "noisy"})


class WithoutSuffix(TorchExport):
    suffix = "pt2"


class OtherNumbers(TorchExport):
    def open(self, path: Path) -> Any:
        run = super().open(path)
        return lambda values: [each + 1e-2 for each in run(values)]


class Trains(TorchExport):
    def write(self, network: Any, signals: Any, path: Path) -> Any:
        captured = super().write(network, signals, path)
        network.train()
        return captured


class Drifts(TorchExport):
    def open(self, path: Path) -> Any:
        run, drift = super().open(path), next(_CALLS)
        return lambda values: [each + 1e-3 * drift for each in run(values)]


class BlamesNobody(TorchExport):
    def inner(self, path: Path, values: Values) -> Any:
        return [Inner("nowhere", ("",), each.value) for each in super().inner(path, values)]


class Nowhere(Torch):
    preference = -1


class OtherAnswers(Torch):
    def load(self, stored: Any, source: Path, threads: int) -> Any:
        model = super().load(stored, source, threads)
        return replace(model, run=lambda raw, options: model.run(raw, options)[::-1])


class OfTheBatch(Torch):
    def load(self, stored: Any, source: Path, threads: int) -> Any:
        model = super().load(stored, source, threads)
        return replace(
            model,
            run=lambda raw, options: [{**each, "of": len(model.run(raw, options))} for each in model.run(raw, options)],
        )


class TakesAll(Torch):
    def source(self, stored: Any) -> Path:
        return Path(stored.folder)


class Settled(Listener):
    def __init__(self, where: str) -> None:
        self.where = where


class Deaf(Listener):
    def after_step(self, step: Any) -> None:
        raise ValueError("no")


class Once(Listener):
    def start(self, start: Any) -> None:
        (start.folder / "log").mkdir()


class NeedsAStart(Listener):
    def start(self, start: Any) -> None:
        self.file = start.folder

    def end(self, result: Any) -> None:
        json.dumps(str(self.file))


class Changes(Listener):
    def after_evaluation(self, line: Any) -> None:
        line["validation"].clear()


def no_networks(signal: Any) -> list[Candidate]:
    return []


def sequences(signal: Any) -> list[Candidate]:
    """A series for a vector."""
    return [
        light(replace(each, architecture=each.architecture.of([Block("reshape", {"shape": [5, -1]})])))
        for each in vector(signal)[:1]
    ]


def unmarked(signal: Any) -> list[Candidate]:
    return [plain("linear", {}, {}, "the baseline")]


def example_of(function: Any) -> Any:
    function.example = lambda: "vector:5"
    return function


def weighted(signal: Any) -> list[Candidate]:
    return vector(signal)


weighted.statistics = lambda signal: [Block("dense", {"dim": 3})]  # type: ignore[attr-defined]


def undocumented(entry: Any) -> Any:
    """Without a docstring, and in no file that has one."""
    entry.__doc__, entry.__module__ = None, "nowhere"
    return entry


for each in (no_networks, sequences, unmarked, weighted):
    example_of(each)

BROKEN: Mapping[str, Mapping[str, Any]] = {
    "source": {
        "Of all sources it is the surest of its example, and says so without reading it": Unsure,
        "It takes no place from the source whose own it is, and none where there is nothing": Greedy,
        "Its columns have one length; target and splits are of these columns and rows": Ragged,
        "Read again it is the same, with the same fingerprint": Random,
        "Left on disk it holds the same as in memory": OtherStream,
        "What is larger than the limit is refused as data": Unlimited,
        "A file that is cut off or empty is refused as data": ReadsAnything,
        "Its example can be opened, and gives batches for training": WithoutRows,
        "It says what it reads": undocumented(type("Unsaid", (Rows,), {})),
    },
    "explainer": {
        "It gives a finite number for every piece of every input": of_values,
        "An example is explained the same alone as beside others": of_neighbours,
        "A second time it says the same": noisy,
        "Weights, modes, values, gradients and the global chance stay as they are": backward,
        "Of a network with other weights it says something else": edges,
        "Of a score that never changes nothing is to blame": edges,
        "It has a formula, a source and a cost": undocumented(lambda request: gradient(request)),
    },
    "compressor": {
        "It says its place, its engine and its variants, each with a label of its own": TwiceTheLabel,
        "Its run is loaded as any other, says what was done, and its answers go with the original's": Shuffled,
        "Its run for torch has fewer parameters": Same,
        "The run that it was given stays as it is": Meddles,
        "Applied again it gives the same answers": Noisy,
        "It says what it does, and whose idea it is": undocumented(type("Unsaid", (LowRank,), {})),
    },
    "export_target": {
        "It says the ending of its files, and the names of what goes in and out": WithoutSuffix,
        "Its file gives the network's numbers, for batches of any size": OtherNumbers,
        "Writing leaves the network's weights and mode, and the global chance, as they were": Trains,
        "What it opens twice gives the same numbers twice": Drifts,
        "Its inner values show at which node another network differs": BlamesNobody,
        "It says what it writes": undocumented(type("Unsaid", (TorchExport,), {})),
    },
    "engine": {
        "It says when it is preferred, and whether it needs torch": Nowhere,
        "What it says that it can run gives the run's answers": OtherAnswers,
        "A row is answered the same alone as beside others": OfTheBatch,
        "An export to a target that nobody knows is refused with its reason": TakesAll,
        "It says what it runs": undocumented(type("Unsaid", (Torch,), {})),
    },
    "listener": {
        "It is a Listener, and has defaults for all its settings": Settled,
        "It can be told of a whole training": Deaf,
        "It can be told of a training that was killed after a step, and is resumed": Once,
        "It can be told of the end of a training that never began": NeedsAStart,
        "What it is told stays as it is": Changes,
        "It says what it writes, and where": undocumented(type("Unsaid", (Listener,), {})),
    },
    "signal": {
        "It is called after the kind of signal that it reads": unmarked,
        "The networks that it proposes can be built, with recipes that are valid and say no length": no_networks,
        "All of them end in features, one vector for each example, or for each member of an ensemble": sequences,
        "One of them is an encoder for its input beside other inputs": unmarked,
        "Its statistics are a vector, by blocks without weights": weighted,
        "It says what it proposes": undocumented(example_of(lambda signal: unmarked(signal))),
    },
}  # fmt: skip
CASES = [
    pytest.param(word, sentence, entry, marks=[pytest.mark.slow] * takes_long(word, sentence), id=f"{word}-{sentence}")
    for word, table_ in BROKEN.items()
    for sentence, entry in table_.items()
]


@pytest.mark.parametrize(("word", "sentence", "entry"), CASES)
def test_a_broken_entry_is_found(word: str, sentence: str, entry: Any) -> None:
    found = outcome(word, sentence, {word: entry})
    assert found.verdict == "broken", found
    assert "Error:" not in found.why or entry in (Deaf, Once, NeedsAStart, WithoutRows), found.why


@pytest.mark.parametrize("word", BROKEN)
def test_every_check_is_seen_to_fail(word: str) -> None:
    assert sorted(BROKEN[word]) == sorted(sentences(word))


def overwrites(request: AttributionRequest) -> Attribution:
    given = gradient(request)
    for values in request.inputs.values():
        values.zero_()
    return given


def trains(request: AttributionRequest) -> Attribution:
    given = gradient(request)
    with torch.no_grad():
        next(request.network.parameters()).add_(1)
    return given


def wakes(request: AttributionRequest) -> Attribution:
    given = gradient(request)
    request.network.train()
    return given


def draws(request: AttributionRequest) -> Attribution:
    torch.rand(1)
    return gradient(request)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (overwrites, "it changes the inputs in place"), (trains, "it changes the network"),
        (wakes, "it leaves modules in training mode"), (backward, "it leaves gradients"),
        (draws, "it draws from the global generator"),
    ],
)  # fmt: skip
def test_what_an_explainer_leaves_behind_is_named(entry: Any, said: str) -> None:
    sentence = "Weights, modes, values, gradients and the global chance stay as they are"
    found = outcome("explainer", sentence, {"explainer": entry})
    assert found.verdict == "broken"
    assert said in found.why


@pytest.mark.parametrize(("word", "entry"), [("source", Rows), ("explainer", gradient), ("listener", Listener)])
def test_what_they_are_made_of_is_sound(word: str, entry: Any) -> None:
    for sentence in sentences(word):
        if not sentence.startswith(("It says what", "It has a formula")):
            assert outcome(word, sentence, {word: entry}).verdict in ("kept", "not applicable"), sentence
