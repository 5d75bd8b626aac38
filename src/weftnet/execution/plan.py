"""How a step is executed: layout, order of blocks, compilation, precision, threads, memory. None is part of the model.

    channels_last   images as (height, width, channels) in memory; what convolutions of the CPU and of tensor cores like
    pool_first      maximum pools before the rectifiers in front of them (`rewrites.py`): the same to the bit
    dense_by_onednn dense layers' products by oneDNN (`products.py`)
    compiled        `torch.compile` of every network
    graphs          a compiled network's kernels are recorded once and replayed as one (CUDA graphs), on a GPU
    precision       float32; tf32 on a GPU (products of float32 rounded to 10 bits); bfloat16 where matrix units make it
                    pay (autocast; weights stay float32)
    threads         of torch; None leaves them
    keep_memory     what a step frees stays for the next one (`weftnet.base.heap`)
    fold_norms      batch norms as part of the layers in front of them (`folding.py`); for answers alone, as
                    weights that move would have to be folded anew at every step

A plan changes values by rounding alone. Weights, their names and what is saved are the same under every plan.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

import torch
from torch import Tensor, nn

from weftnet.base.heap import kept_memory
from weftnet.compose import Network
from weftnet.data.batch import Batch
from weftnet.errors import SettingError, closest
from weftnet.execution.folding import fold_norms
from weftnet.execution.products import dense_by_onednn
from weftnet.execution.rewrites import pool_first

_FOR_ANSWERS = ("channels_last", "pool_first", "dense_by_onednn", "keep_memory", "fold_norms")
PRECISIONS = {"float32": torch.float32, "tf32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class Plan:
    """How a step is executed. The default is plain eager PyTorch.

    Args:
        channels_last: the layout of images and of their convolutions' weights.
        pool_first: whether pools run before rectifiers.
        dense_by_onednn: whether oneDNN computes dense layers, on the CPU; not in compiled networks.
        compiled: whether networks are compiled.
        graphs: whether a compiled network is replayed as CUDA graphs.
        precision: of the arithmetic, float32, tf32 or bfloat16.
        threads: of torch; None leaves them.
        keep_memory: whether freed memory stays with the process.
        fold_norms: whether batch norms are part of the layers in front of them; for answers alone.
    """

    channels_last: bool = False
    pool_first: bool = False
    dense_by_onednn: bool = False
    compiled: bool = False
    precision: str = "float32"
    threads: int | None = None
    graphs: bool = False
    keep_memory: bool = False
    fold_norms: bool = False

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            expected = ", ".join(PRECISIONS)
            raise SettingError("no such precision", where="plan: precision", expected=expected, got=self.precision)
        for name, what in (("dense_by_onednn", "dense layers by oneDNN"), ("fold_norms", "folded norms")):
            if self.compiled and getattr(self, name):
                raise SettingError(f"{what} can't be compiled", where=f"plan: {name}", fix="leave one of them out")
        if self.threads is not None and (not isinstance(self.threads, int) or self.threads < 1):
            raise SettingError("threads can't be used", where="plan", expected="1 or more", got=repr(self.threads))
        if self.graphs and not self.compiled:
            raise SettingError("graphs are of a compiled network", where="plan", expected="compiled", got="eager")

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        """From a mapping, as JSON gives it.

        Raises:
            SettingError: a field is unknown or can't be used.
        """
        names = [field.name for field in fields(cls)]
        for name in given:
            if name not in names:
                close = closest(str(name), names)
                fix = f"did you mean {close[0]!r}?" if close else ""
                raise SettingError(f"no field is called {name!r}", where="plan", expected=", ".join(names), fix=fix)
        return cls(**given)

    @classmethod
    def for_answers(cls, trained: object) -> Self:
        """What of a training's plan, as `to_dict` gave it, makes a single pass faster too and takes no setting up."""
        given = trained if isinstance(trained, Mapping) else {}
        return cls().but(**{name: True for name in _FOR_ANSWERS if given.get(name) is True})

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON."""
        return asdict(self)

    def but(self, **changes: Any) -> Self:
        """The plan with some fields changed."""
        return replace(self, **changes)

    def __str__(self) -> str:
        said = [name for name, value in asdict(self).items() if value is True]
        said += [self.precision] if self.precision != "float32" else []
        said += [f"{self.threads} thread{'s' * (self.threads > 1)}"] if self.threads else []
        return ", ".join(said).replace("_", " ").replace("onednn", "oneDNN") or "eager"

    @contextmanager
    def on(self, model: nn.Module) -> Iterator[None]:
        """The model laid out and run as the plan says; afterwards as it was written, its values untouched."""
        with self.laid_out(model), self.switched():
            yield

    @contextmanager
    def switched(self) -> Iterator[None]:
        """What holds for the whole process: as many threads as the plan says, and float32 products as precise."""
        threads, products = torch.get_num_threads(), torch.get_float32_matmul_precision()
        if self.threads is not None:
            torch.set_num_threads(self.threads)
        if self.precision == "tf32":
            torch.set_float32_matmul_precision("high")
        try:
            yield
        finally:
            torch.set_num_threads(threads)
            torch.set_float32_matmul_precision(products)

    @contextmanager
    def laid_out(self, model: nn.Module) -> Iterator[None]:
        """As `on`, the process left alone but for its memory."""
        self.lay_out(model)
        networks = [module for module in model.modules() if isinstance(module, Network)] if self.compiled else []
        for network in networks:
            network.compile(mode="reduce-overhead" if self.graphs else None)
        try:
            with kept_memory(self.keep_memory):
                yield
        finally:
            for network in networks:
                network._compiled_call_impl = None  # torch offers no way back
            if networks:
                torch._dynamo.reset()  # else a class is compiled at most eight times, and then silently not
            Plan().lay_out(model)

    def lay_out(self, model: nn.Module) -> None:
        """The weights' layout and the order and way in which blocks run; the plan without any is the way back.

        Raises:
            SettingError: norms are to be folded while the model is in training mode.
        """
        if model.training:
            self.refuse_for_training()
        fold_norms(model, False)
        _lay_out(model, torch.channels_last if self.channels_last else torch.contiguous_format)
        pool_first(model, self.pool_first)
        dense_by_onednn(model, self.dense_by_onednn)
        if self.fold_norms:  # at last: of weights as they lie, computed as they are
            fold_norms(model)

    def refuse_for_training(self) -> None:
        """Refuse what weights that move leave no room for.

        Raises:
            SettingError: norms are to be folded.
        """
        if self.fold_norms:
            fix = "leave it out: with plan auto it is measured by itself, after the training"
            raise SettingError("norms are folded for answers alone", where="plan: fold_norms", got="training", fix=fix)

    def place(self, batch: Batch) -> Batch:
        """A batch in the plan's layout."""
        if not self.channels_last:
            return batch
        return replace(batch, inputs={name: _channels_last(values) for name, values in batch.inputs.items()})

    def losses(
        self, task: Any, model: nn.Module, batch: Batch, generator: torch.Generator
    ) -> Iterator[tuple[str, Tensor]]:
        """The task's losses, each computed in the plan's arithmetic when it is asked for."""
        yielded: Iterator[tuple[str, Tensor]] = task.losses(model, batch, generator)
        return yielded if PRECISIONS[self.precision] is torch.float32 else self._cast(yielded, generator.device)

    def _cast(self, yielded: Iterator[tuple[str, Tensor]], device: torch.device) -> Iterator[tuple[str, Tensor]]:
        done = object()
        while True:
            with torch.autocast(device.type, PRECISIONS[self.precision]):
                pair: Any = next(yielded, done)
            if pair is done:
                return
            yield pair


def _channels_last(values: Tensor) -> Tensor:
    return values.to(memory_format=torch.channels_last) if values.dim() == 4 else values


def _lay_out(model: nn.Module, layout: torch.memory_format) -> None:
    """Weights of convolutions of images in a layout; gradients and values stay what they are.

    Not by `contiguous`: with one channel both layouts are the same, and what follows goes by the strides.
    """
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.to(memory_format=layout)
