"""No check is kept by everything: for each there is an entry that breaks it, and is otherwise as it should be."""

import itertools
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from broken import outcome, sentences
from torch import Tensor

from weftnet.data.augment.crop import Crop
from weftnet.data.augment.flip import Flip
from weftnet.data.augment.gain import Gain
from weftnet.data.kinds._state import name_of
from weftnet.data.kinds.image import Image
from weftnet.data.kinds.image import example as images
from weftnet.data.kinds.mask import Mask
from weftnet.data.kinds.mask import example as masks
from weftnet.data.kinds.vector import Vector
from weftnet.data.wires import NumbersWire
from weftnet.losses import LOSSES
from weftnet.metrics.mse import Mse
from weftnet.optim import OPTIMISERS, SCHEDULES


def cosine(progress: float, *, warmup: float = 0.0) -> float:
    return SCHEDULES.get("cosine")(progress, warmup=warmup)


def too_large(progress: float, *, warmup: float = 0.0) -> float:
    return 1.5


def never_one(progress: float, *, warmup: float = 0.0) -> float:
    return 0.5 * cosine(progress, warmup=warmup)


def not_clamped(progress: float, *, warmup: float = 0.0) -> float:
    return cosine(progress, warmup=warmup) - min(progress, 0)


def takes_any_warmup(progress: float, *, warmup: float = 0.0) -> float:
    return cosine(progress, warmup=min(max(warmup, 0), 0.9))


class Idle(torch.optim.SGD):
    """Never steps."""

    def step(self, closure: Any = None) -> None:
        return None


class Forgetful(torch.optim.SGD):
    """Counts its steps where no state dict sees them."""

    count = 0

    def step(self, closure: Any = None) -> None:
        self.count += 1
        for group in self.param_groups:
            group["lr"] = 1e-3 * self.count
        super().step()


def idle(parameters: Any, lr: float = 1e-3) -> Any:
    return Idle([each for _, each in parameters], lr)


def forgetful(parameters: Any, lr: float = 1e-3) -> Any:
    return Forgetful([each for _, each in parameters], lr)


def without_default(parameters: Any, lr: Any) -> Any:
    return OPTIMISERS.get("adam")(parameters, lr=lr)


def squared(outputs: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    return LOSSES.get("mse")(outputs, target, mask)


def of_rows(outputs: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    return (outputs - target).square().flatten(1).mean(1)


def without_gradient(outputs: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    return squared(outputs.detach(), target, mask) + 0 * outputs.sum()


def without_mask(outputs: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    return squared(outputs, target)


def nan_of_nothing(outputs: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    return squared(outputs, target) if mask is None else (outputs - target)[mask].square().mean()


class Wrong(Mse):
    """Each of these is wrong in one way."""

    @staticmethod
    def example(generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return torch.randn(12, 3, generator=generator), torch.randn(12, 3, generator=generator)


class Unitless(Wrong):
    def __init__(self) -> None:
        super().__init__()
        self.unit = "percent"


class TooGreat(Wrong):
    def __init__(self) -> None:
        super().__init__()
        self.unit = "share"


class OfBatches(Wrong):
    """The mean of the batches' means."""

    def reset(self) -> None:
        self.means: list[Tensor] = []

    def update(self, outputs: Any, target: Tensor) -> None:
        self.means.append((outputs - target).square().mean())

    def compute(self) -> Tensor:
        return torch.stack(self.means).mean()


class Remembers(OfBatches):
    def reset(self) -> None:
        self.means = getattr(self, "means", [])


class GoodOfNothing(Wrong):
    def compute(self) -> Tensor | float:
        value = super().compute()
        return 0.0 if value != value else value


class Overwrites(Wrong):
    def update(self, outputs: Any, target: Tensor) -> None:
        super().update(outputs.mul_(2), target)


class GlobalChance(Flip):
    def transform(self, images: Tensor, generator: torch.Generator) -> Any:
        return super().transform(images, torch.default_generator)


class NoChance(Flip):
    def transform(self, images: Tensor, generator: torch.Generator) -> Any:
        return super().transform(images, torch.Generator().manual_seed(0))


class InPlace(Flip):
    def __call__(self, images: Tensor, *rest: Any, **more: Any) -> tuple[Tensor, Tensor]:
        return super().__call__(images.mul_(2), *rest, **more)


class Smaller(Flip):
    def __call__(self, *given: Any, **more: Any) -> tuple[Tensor, Tensor]:
        images, target = super().__call__(*given, **more)
        return images[..., :-1].contiguous(), target


class OtherTarget(Flip):
    def __call__(self, *given: Any, **more: Any) -> tuple[Tensor, Tensor]:
        images, target = super().__call__(*given, **more)
        return images, (target + 1) % 5


class Parts(Crop):
    """Draws twice: the pixels go one way, the points another."""

    def __call__(self, images: Tensor, target: Tensor, generator: Any, classes: Any = None) -> tuple[Tensor, Tensor]:
        self.transform(images, generator)
        return super().__call__(images, target, generator, classes)


class Leaks(Gain):
    """Its loudness depends on what stands in the padding."""

    def sequences(self, values: Tensor, mask: Tensor | None, generator: Any) -> tuple[Tensor, Tensor | None]:
        return values / values.abs().amax((1, 2), keepdim=True), mask


@dataclass
class Bad(Vector):
    """Each of these is wrong in one way."""

    @classmethod
    def example(cls) -> tuple[Any, Any]:
        return cls(), np.random.default_rng(0).normal(3, 2, (6, 4))


@dataclass
class NoJson(Bad):
    def state(self) -> dict[str, Any]:
        return super().state() | {"mean": np.array(self.mean)}


@dataclass
class TakesAnyState(Bad):
    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Any:
        return super().from_state({key: state[key] for key in state if key != "extra"} | {"kind": name_of(cls)})


@dataclass
class OtherShape(Bad):
    def encode(self, values: Any) -> Any:
        return super().encode(values)[:, :-1]


@dataclass
class OtherWayBack(Bad):
    def decode(self, values: Any) -> Any:
        return super().decode(values) + 1


@dataclass
class InfiniteAboveAll(Bad):
    def encode(self, values: Any) -> Any:
        encoded = super().encode(values)
        return np.where(np.asarray(values) > np.asarray(self.mean) + 1, np.inf, encoded)


@dataclass
class LearnsByChance(Bad):
    def fit(self, values: Any) -> Any:
        kind = super().fit(values)
        kind.mean = [each + float.fromhex(secrets.token_hex(4)) for each in kind.mean]
        return kind


@dataclass
class Learns(Bad):
    def encode(self, values: Any) -> Any:
        encoded = super().encode(values)
        self.mean = (np.asarray(self.mean) + np.asarray(values).mean(0)).tolist()
        return encoded


@dataclass
class OfItsNeighbours(Bad):
    def encode(self, values: Any) -> Any:
        encoded = super().encode(values)
        return encoded - encoded.mean(0)


@dataclass
class SurerThanSure(Bad):
    @classmethod
    def recognises(cls, column: Any) -> float:
        return 2.0


@dataclass
class FactsOfArrays(Bad):
    @property
    def facts(self) -> dict[str, Any]:
        return {"mean": np.array(self.mean)}


class Doubled(NumbersWire):
    def read(self, value: Any) -> Any:
        return 2 * super().read(value)


@dataclass
class OtherOnTheWire(Bad):
    @property
    def wire(self) -> Any:
        return Doubled((4,))


@dataclass
class FailsOfZeros(Bad):
    def encode(self, values: Any) -> Any:
        return super().encode(values) / np.abs(np.asarray(values)).max()


@dataclass
class ShownAsText(Bad):
    def picture(self, value: Any) -> Any:
        return str(value)


@dataclass
class StaysInPlace(Image):
    example = staticmethod(lambda: (StaysInPlace(), images()[1]))

    def moved(self, values: Any, mask: Any, transform: Any) -> Any:
        return values, mask


@dataclass
class AllMove(Image):
    example = staticmethod(lambda: (AllMove(), images()[1]))

    def moved(self, values: Any, mask: Any, transform: Any) -> Any:
        return values.flip(-1), mask


@dataclass
class KeepsCounting(Mask):
    example = staticmethod(lambda: (KeepsCounting(), masks()[1]))

    def moved(self, values: Any, mask: Any, transform: Any) -> Any:
        return super().moved(values, mask, transform)[0], mask


def undocumented(entry: Any) -> Any:
    """Without a docstring, and in no file that has one."""
    entry.__doc__, entry.__module__ = None, "nowhere"
    return entry


def plain(outputs: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    return squared(outputs, target, mask)


BROKEN: dict[str, dict[str, Any]] = {
    "schedule": {
        "Its factor stays between 0 and 1": too_large,
        "It comes up to 1 once the warm-up has ended": never_one,
        "Before the first step and after the last it stays what it was": not_clamped,
        "A warm-up outside of the training is refused": takes_any_warmup,
        "It says what the factor is": undocumented(cosine),
    },
    "optimiser": {
        "It lowers a quadratic loss to half": idle,
        "Stopped, copied into a new one and continued, it takes the same steps bit for bit": forgetful,
        "It has a learning rate by default, called lr": without_default,
        "With nothing to train it says so": idle,
        "It has a formula, a source and a cost": idle,
    },
    "loss": {
        "It is one finite number": of_rows,
        "Its gradient by the outputs is finite, and not zero everywhere": without_gradient,
        "What the mask leaves out changes nothing, and gets no gradient": without_mask,
        "Where the mask keeps nothing it is 0": nan_of_nothing,
        "It says what it is": undocumented(plain),
    },
    "metric": {
        "It says its name, its direction and its unit": Unitless,
        "It is one finite number; a share lies between 0 and 1": TooGreat,
        "However the rows are split into batches, it is the same": OfBatches,
        "After a reset it has forgotten everything": Remembers,
        "Of no rows it is NaN, refused, or the worst: never a good score": GoodOfNothing,
        "Outputs and target stay as they are": Overwrites,
        "It says what it is": undocumented(type("Unsaid", (Wrong,), {})),
    },
    "augmentation": {
        "The same generator gives the same images, whatever the global one does": GlobalChance,
        "Another seed, or another epoch, gives other images": NoChance,
        "The images that it is given stay as they are": InPlace,
        "Shape and dtype stay, and the result is contiguous": Smaller,
        "Classes stay, or become shares (batch, classes) that add up to 1": OtherTarget,
        "What has a place in the image moves with it": Parts,
        "What stands in the padding of a sequence changes nothing, and padding is zero afterwards, at the end": Leaks,
        "It says what it does": undocumented(type("Unsaid", (Flip,), {})),
    },
    "kind": {
        "Its state is JSON, and makes a kind that is equal and encodes alike": NoJson,
        "The state of another kind, or one with a field too many, is refused as data": TakesAnyState,
        "Encoded values have the shape and sort that its signal says": OtherShape,
        "What is decoded encodes to the same values again": OtherWayBack,
        "Values that it was not fitted on are encoded to finite ones, or refused as data": InfiniteAboveAll,
        "Fitted on the same values again, it has learnt the same": LearnsByChance,
        "Encoding and decoding change nothing that it has learnt": Learns,
        "A row is encoded the same alone as beside others": OfItsNeighbours,
        "How sure it is that a column is its own lies between 0 and 1, whatever the column holds": SurerThanSure,
        "Its form on the wire is a Wire, whose schema, form field, axes and facts are JSON": FactsOfArrays,
        "A value written in JSON is read to one that is encoded alike": OtherOnTheWire,
        "The example of its form gets an answer, or is refused as data": FailsOfZeros,
        "A value is shown as a figure, and many in a few words": ShownAsText,
        "Mirrored once it is another, twice it is itself; one that has no place stays": StaysInPlace,
        "Each example moves by its own transform": AllMove,
        "What has left the image counts no more": KeepsCounting,
        "It says what it is": undocumented(dataclass(type("Unsaid", (Bad,), {}))),
    },
}  # fmt: skip
CASES = list(itertools.chain.from_iterable([(word, *each) for each in table.items()] for word, table in BROKEN.items()))


@pytest.mark.parametrize(("word", "sentence", "entry"), CASES, ids=lambda each: each if isinstance(each, str) else "")
def test_a_broken_entry_is_found(word: str, sentence: str, entry: Any) -> None:
    found = outcome(word, sentence, {word: entry})
    assert found.verdict == "broken", found
    assert found.why


@pytest.mark.parametrize("word", BROKEN)
def test_every_check_is_seen_to_fail(word: str) -> None:
    assert sorted(BROKEN[word]) == sorted(sentences(word))


@pytest.mark.parametrize(("word", "entry"), [("loss", squared), ("metric", Wrong), ("augmentation", Flip)])
def test_what_they_are_made_of_is_sound(word: str, entry: Any) -> None:
    for sentence in sentences(word):
        if "says what it" not in sentence:
            expected = "not applicable" if "of a sequence" in sentence else "kept"
            assert outcome(word, sentence, {word: entry}).verdict == expected, sentence


def test_an_entry_without_an_example_is_told_how_to_write_one() -> None:
    def strange(outputs: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        raise ValueError("not these")

    found = outcome("loss", "It is one finite number", {"loss": strange})
    assert "example(generator) → (outputs, target)" in found.why
