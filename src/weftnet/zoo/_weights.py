"""What an entry of the zoo says of weights that others have published for it: `weights() → [Checkpoint, …]` beside it.

A checkpoint's naming is data: here → there, both as names of modules or of single tensors.

    {"body.0": "_conv_stem"}                    all tensors below both: body.0.conv.weight ← _conv_stem.weight
    {"3": joined("q", "k", "v")}                three layers there are one here, one below the other
    {"3": transposed("c_attn")}                 a matrix that is kept the other way round; its bias is as here
    {"1": reshaped("patch.projection")}         the same numbers in another shape: a convolution as a dense layer
    {"2.weight": plus("positions", "types.0")}  a sum; the second may be one row of a table, and
                                                of the first the rows that are needed
    {"1.weight": behind("words")}               a table of tokens, behind padding and the unknown token

Of a module here the part that its block calls its own (`conv`, `norm`, `linear`) is left out on both sides.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

How: TypeAlias = Literal["joined", "transposed", "reshaped", "plus", "behind", "silent"]


@dataclass(frozen=True)
class Take:
    """Tensors there that become one here.

    Args:
        how: they become it.
        names: of modules or tensors there.
    """

    how: How
    names: tuple[str, ...]


def joined(*names: str) -> Take:
    """One below the other, along the first axis."""
    return Take("joined", names)


def transposed(name: str) -> Take:
    """Matrices with their axes exchanged; vectors as they are."""
    return Take("transposed", (name,))


def reshaped(name: str) -> Take:
    """The same numbers in the shape that is needed here."""
    return Take("reshaped", (name,))


def plus(name: str, other: str) -> Take:
    """A sum; `table.0` is the first row of a table."""
    return Take("plus", (name, other))


def behind(name: str) -> Take:
    """A table of tokens that have other numbers here: behind rows of zeros, of which the second is as the last row.

    The last token of such a vocabulary marks the end of a text, which is what an empty text consists of.
    """
    return Take("behind", (name,))


def silent(name: str) -> Take:
    """The constants of a last layer that has none there: zeros, and far below zero for rows before those of a table."""
    return Take("silent", (name,))


Names: TypeAlias = Mapping[str, str | Take]


@dataclass(frozen=True)
class Found:
    """A checkpoint as an entry sees it: shapes of its tensors, and the configuration that came with it.

    Args:
        shapes: by name.
        config: of its `config.json`; {} where there is none. What else a folder says lies there too: `pooling`, the
            settings of a sentence encoder's pooling, and its `max_seq_length`.
        given: settings of the entry that a person set.
    """

    shapes: Mapping[str, tuple[int, ...]]
    config: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether there is such a tensor."""
        return name in self.shapes

    def size(self, name: str, axis: int = 0) -> int:
        """The size of a tensor along an axis.

        Raises:
            KeyError, IndexError: there is no such tensor, or axis.
        """
        return self.shapes[name][axis]

    def count(self, pattern: str) -> int:
        """How many numbers, from 0 on without a gap, stand in place of the `#` of a name that begins so."""
        before, _, after = pattern.partition("#")
        form = re.compile(re.escape(before) + r"(\d+)" + re.escape(after))
        numbers = {int(match[1]) for name in self.shapes if (match := form.match(name))}
        return next(number for number in range(len(numbers) + 1) if number not in numbers)

    def told(self, setting: str, key: str) -> Any:
        """A setting that no shape shows: as a person set it, or as the configuration has it.

        Raises:
            ValueError: neither says so.
        """
        if setting not in self.given and key not in self.config:
            raise ValueError(f"no shape shows {setting}, and there is no config.json that has {key}: --set {setting}=…")
        return self.given.get(setting, self.config.get(key))

    def named(self, key: str, names: Mapping[str, str], default: str) -> str:
        """A word of the configuration, as it is called here.

        Raises:
            ValueError: it is not known here.
        """
        word = self.config.get(key, default)
        if word not in names:
            raise ValueError(f"{key} {word!r} is not known, only {', '.join(names)}")
        return names[word]

    def only(self, key: str, value: Any) -> None:
        """Refuse a configuration with another value.

        Raises:
            ValueError: it has one.
        """
        if self.config.get(key, value) != value:
            raise ValueError(f"{key} is {self.config[key]!r}, and only {value!r} is known")


@dataclass(frozen=True)
class Picture:
    """How a published network wants its images; pixels count from 0 to 255.

    Args:
        size: side, or height and width.
        mean, std: of the channels, which are subtracted and divided by.
        interpolation: "bilinear" or "bicubic".
        keep: the share of the shorter side that is kept around the centre; 0 for the whole image, both sides fitted.
    """

    size: int | tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    keep: float = 0.875


#: means and deviations of the photographs of ImageNet, of pixels from 0 to 255
IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_STD = (58.395, 57.12, 57.375)


@dataclass(frozen=True)
class Published:
    """A checkpoint that somebody published.

    Args:
        name: of the model.
        where: it can be had.
        licence: "" where it is not known.
    """

    name: str
    where: str
    licence: str = ""


@dataclass(frozen=True)
class Checkpoint:
    """Checkpoints of one naming that an entry of the zoo can take.

    Args:
        naming: what it is called: after the library that writes it.
        marks: tensors by which it is recognised; all are there.
        settings: of the entry, read off the checkpoint.
        names: here → there, for these settings.
        picture: how images are prepared, for these settings; None where the network reads none.
        longest: how many tokens a text may have; None where the network reads none.
        prefixes: that may stand before all names, and are taken off.
        aliases: endings of names that older files have, and what they are called since.
        leave: patterns of tensors that are left behind on purpose, as what they are for is not here.
        recipe: fields of a recipe that suits fine-tuning.
        end: what a network with a head ends in: `classes`, `next token`.
        always: whether there is that head even without classes, made of the network's own weights.
        known: which are known.
    """

    naming: str
    marks: Sequence[str]
    settings: Callable[[Found], dict[str, Any]]
    names: Callable[[Mapping[str, Any]], Names]
    picture: Callable[[Mapping[str, Any], Found], Picture] | None = None
    longest: Callable[[Found], int] | None = None
    prefixes: Sequence[str] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    leave: Sequence[str] = ()
    recipe: Mapping[str, Any] = field(default_factory=dict)
    end: str = "classes"
    always: bool = False
    known: Sequence[Published] = ()
