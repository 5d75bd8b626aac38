"""What flows between blocks: a shape with axis names, a dtype, and what is known of its meaning.

Written `kind:sizes[,fact=value…]`: `image:1x28x28`, `tokens:64,vocabulary=5000`, `vector:13`, `series:96x7`,
`wave:16000`, `words:40x17`, `video:16x3x64x64` (frames, channels, height, width). The batch axis comes first and is
never written. A final `padded` says that a batch has sequences of different lengths, so that a mask accompanies the
values: `tokens:64,vocabulary=5000,padded`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from weftnet.errors import SettingError, closest

Dtype = Literal["float", "int", "bool"]

#: kind → (axes after the batch, dtype)
KINDS: dict[str, tuple[tuple[str, ...], Dtype]] = {
    "vector": (("dim",), "float"),
    "series": (("time", "dim"), "float"),
    "image": (("channels", "height", "width"), "float"),
    "video": (("time", "channels", "height", "width"), "float"),
    "tokens": (("time",), "int"),
    "wave": (("time", "dim"), "float"),
    "words": (("time", "dim"), "int"),
}
AXES = ("batch", "time", "dim", "channels", "height", "width", "members", "places", "features")


@dataclass(frozen=True)
class About:
    """What is known of the data behind an input beside its layout: it sizes what is proposed, never a block.

    Args:
        rows: examples to train on; None where no data are at hand.
        columns: values that each column of a table takes up in its vector; () where the input is no table.
    """

    rows: int | None = None
    columns: tuple[int, ...] = ()


@dataclass(frozen=True)
class Signal:
    """Shape, axis names and dtype of a batch of values; the batch axis is left out.

    >>> weftnet.Signal(("dim",), (13,)).text()
    'vector:13'

    Args:
        axes: names of the axes after the batch.
        sizes: their sizes.
        dtype: float, int or bool.
        known: facts that can size a block, such as `vocabulary`.
        padded: whether a mask (batch, time) accompanies the values.
        about: the data behind it; neither written nor compared.
    """

    axes: tuple[str, ...]
    sizes: tuple[int, ...]
    dtype: Dtype = "float"
    known: Mapping[str, int] = field(default_factory=dict)
    padded: bool = False
    about: About = field(default=About(), compare=False, repr=False)

    @property
    def kind(self) -> str:
        """The name of this layout: vector, series, image, video, tokens, words, or its axes in brackets.

        A wave is a series of one value per step whose `rate`, in steps per second, is known.
        """
        if self.axes == ("time", "dim") and self.sizes[1] == 1 and "rate" in self.known:
            return "wave"
        for kind, (axes, dtype) in KINDS.items():
            if axes == self.axes and dtype == self.dtype:
                return kind
        return "[" + ", ".join(("batch", *self.axes)) + "]"

    @property
    def numel(self) -> int:
        """Values in one example."""
        return math.prod(self.sizes)

    def size(self, axis: str) -> int:
        """The size of a named axis."""
        return self.sizes[self.axes.index(axis)]

    def with_sizes(self, *sizes: int) -> "Signal":
        """The same signal with other sizes."""
        return replace(self, sizes=tuple(sizes))

    def with_rows(self, rows: int) -> "Signal":
        """The same signal of data that have so many examples to train on."""
        return replace(self, about=replace(self.about, rows=rows))

    def shape(self, batch: int) -> tuple[int, ...]:
        """The shape of a batch of this many examples."""
        return (batch, *self.sizes)

    def __str__(self) -> str:
        sizes = "×".join(f"{axis} {size}" for axis, size in zip(self.axes, self.sizes, strict=True)) or "scalar"
        facts = "".join(f", {key} {value}" for key, value in self.known.items())
        return f"{self.kind if not self.kind.startswith('[') else self.dtype} ({sizes}{facts})"

    def text(self) -> str:
        """The form `parse` reads."""
        if self.kind not in KINDS:
            raise SettingError(f"a signal with the axes {self.axes} has no written form")
        sizes = self.sizes[:-1] if self.kind == "wave" else self.sizes
        facts = [f"{key}={value}" for key, value in sorted(self.known.items())] + ["padded"] * self.padded
        return ",".join([f"{self.kind}:{'x'.join(map(str, sizes))}", *facts])


def parse(text: str) -> Signal:
    """Read `kind:sizes[,fact=value…][,padded]`.

    >>> weftnet.parse_signal("image:1x28x28").sizes
    (1, 28, 28)

    Raises:
        SettingError: the text does not have that form.
    """
    head, *facts = (part.strip() for part in text.split(","))
    kind, _, sizes = head.partition(":")
    if kind not in KINDS:
        close = closest(kind, KINDS)
        raise SettingError(
            f"no kind of input is called {kind!r}",
            where=text,
            expected=", ".join(KINDS),
            fix=f"did you mean {close[0]!r}?" if close else "write for example image:1x28x28",
        )
    axes, dtype = KINDS[kind]
    try:
        numbers = tuple(int(size) for size in sizes.replace("×", "x").split("x"))
    except ValueError:
        numbers = ()
    if kind == "wave" and len(numbers) == 1:
        numbers = (*numbers, 1)
    if len(numbers) != len(axes) or min(numbers) < 1:
        form = "x".join(axes[:1] if kind == "wave" else axes)
        raise SettingError(f"{kind} takes positive sizes {form}", where=text, got=sizes or "none")
    known: dict[str, int] = {}
    padded = False
    for fact in facts:
        key, equals, value = fact.partition("=")
        if key == "padded" and not equals:
            padded = True
        elif value.isdecimal() and int(value) > 0:
            known[key] = int(value)
        else:
            raise SettingError("a fact is written name=positive number, or padded", where=text, got=fact)
    if padded and "time" not in axes:
        raise SettingError("only a signal with a time axis can be padded", where=text)
    return Signal(axes, numbers, dtype, known, padded)
