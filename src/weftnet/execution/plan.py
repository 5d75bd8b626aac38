"""How a step or an answer is executed: memory layout, order of blocks, compilation, precision, threads, memory.

    channels_last   images as (height, width, channels) in memory, which suits convolutions on CPUs and tensor cores
    pool_first      maximum pools before the rectifiers in front of them (`rewrites.py`): the same to the bit
    dense_by_onednn dense layers' products by oneDNN (`products.py`)
    compiled        `torch.compile` of every network
    graphs          a compiled network's kernels are recorded once and replayed as one (CUDA graphs), on a GPU
    precision       float32; tf32 on a GPU (products of float32 rounded to 10 bits); bfloat16 (autocast; weights stay
                    float32)
    attention       fused, torch's one kernel; plain, as products and a softmax: in bfloat16 on some processors the
                    fused kernel's backward pass is ten times slower than the products
    threads         of torch; None leaves their number
    keep_memory     memory that a step frees is kept for the next one (`weftnet.base.heap`)
    fold_norms      batch norms as part of the layers in front of them (`folding.py`); for answers alone, as
                    weights that change would have to be folded again at every step

A plan is data and no part of the model. `executor.py` runs a model under one; values change by rounding alone.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, ClassVar, Self

from weftnet.base.threads import THREADS, are_threads
from weftnet.errors import SettingError, closest

PRECISIONS = ("float32", "tf32", "bfloat16")
ATTENTIONS = ("fused", "plain")
#: Fields that make a single pass faster too, change no answer beyond rounding, and take no time to set up.
_FOR_ANSWERS = ("channels_last", "pool_first", "dense_by_onednn", "keep_memory", "fold_norms")
#: Fields that need modules other than the model's own.
_OF_MODULES = ("channels_last", "pool_first", "dense_by_onednn", "compiled", "fold_norms")


@dataclass(frozen=True)
class Plan:
    """How a step or an answer is executed. The default is plain eager PyTorch.

    Args:
        channels_last: the layout of images and of their convolutions' weights.
        pool_first: whether pools run before rectifiers.
        dense_by_onednn: whether oneDNN computes dense layers, on the CPU; not in compiled networks.
        compiled: whether networks are compiled.
        graphs: whether a compiled network is replayed as CUDA graphs.
        precision: of the arithmetic, float32, tf32 or bfloat16.
        attention: how it is computed, fused or plain.
        threads: of torch; None leaves their number.
        keep_memory: whether freed memory stays with the process.
        fold_norms: whether batch norms are part of the layers in front of them; for answers alone.
    """

    closed: ClassVar[bool] = True
    """An unknown field is refused: without it, other bits would be computed."""

    channels_last: bool = False
    pool_first: bool = False
    dense_by_onednn: bool = False
    compiled: bool = False
    precision: str = "float32"
    threads: int | None = None
    graphs: bool = False
    keep_memory: bool = False
    fold_norms: bool = False
    attention: str = "fused"

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            expected = ", ".join(PRECISIONS)
            raise SettingError("no such precision", where="plan: precision", expected=expected, got=self.precision)
        if self.attention not in ATTENTIONS:
            expected = ", ".join(ATTENTIONS)
            raise SettingError("no such attention", where="plan: attention", expected=expected, got=self.attention)
        for name, what in (("dense_by_onednn", "dense layers by oneDNN"), ("fold_norms", "folded norms")):
            if self.compiled and getattr(self, name):
                raise SettingError(f"{what} can't be compiled", where=f"plan: {name}", fix="leave one of them out")
        if self.threads is not None and not are_threads(self.threads):
            raise SettingError("threads can't be used", where="plan", expected=THREADS, got=repr(self.threads))
        if self.graphs and not self.compiled:
            raise SettingError("graphs need a compiled network", where="plan", expected="compiled", got="eager")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """From a mapping, as a recipe has it.

        Raises:
            SettingError: a field is unknown or can't be used.
        """
        names = [field.name for field in fields(cls)]
        for name in values:
            if name not in names:
                close = closest(str(name), names)
                fix = f"did you mean {close[0]!r}?" if close else ""
                raise SettingError(f"no field is called {name!r}", where="plan", expected=", ".join(names), fix=fix)
        return cls(**values)

    def for_answers(self) -> "Plan":
        """The part of a training's plan that answers are computed with."""
        return Plan(**{name: getattr(self, name) for name in _FOR_ANSWERS})

    @property
    def changes_modules(self) -> bool:
        """Whether it runs modules other than the model's own."""
        return any(getattr(self, name) for name in _OF_MODULES)

    def refuse_for_training(self) -> None:
        """Refuse what is impossible while weights change.

        Raises:
            SettingError: norms are to be folded.
        """
        if self.fold_norms:
            fix = "leave it out: with plan auto it is measured by itself, after the training"
            raise SettingError("norms are folded for answers alone", where="plan: fold_norms", got="training", fix=fix)

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON."""
        return asdict(self)

    def but(self, **changes: Any) -> Self:
        """The plan with some fields changed."""
        return replace(self, **changes)

    def __str__(self) -> str:
        words = [name for name, value in asdict(self).items() if value is True]
        words += [self.precision] if self.precision != "float32" else []
        words += ["plain attention"] if self.attention == "plain" else []
        words += [f"{self.threads} thread{'s' * (self.threads > 1)}"] if self.threads else []
        return ", ".join(words).replace("_", " ").replace("onednn", "oneDNN") or "eager"
