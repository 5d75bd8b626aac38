"""A model under a plan: modules of the executor's own around the model's tensors. The model itself is never changed.

    executor = Executor(model, plan)
    executor(batch)                     a pass, for answers

    with Executor(model, plan) as executor, executor.process_settings():
        …                               training steps of `executor.model`

The blocks are copies, the tensors are not: parameters and buffers are the model's own objects, so that a step changes
the model's weights. Only what the plan needs otherwise exists twice: folded layers, and weights of image convolutions
in channels-last layout, whose values are copied back into the model when the context ends, however it ends. Under a
plan that changes no module, `executor.model` is the model. Whatever happens meanwhile, the model keeps its layers,
their order, layouts, modes and names.
"""

import copy
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from types import MappingProxyType, TracebackType
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from weftnet.base.heap import kept_memory
from weftnet.compose import Network
from weftnet.data.batch import Batch
from weftnet.execution.auxiliary import with_auxiliary
from weftnet.execution.folding import fold_norms
from weftnet.execution.plan import Plan
from weftnet.execution.products import dense_by_onednn
from weftnet.execution.rewrites import pool_first
from weftnet.tasks._task import Task


class Executor:
    """A model under a plan.

    Args:
        model: the networks by part; in evaluation mode where norms are folded.
        plan: how they are executed.

    Raises:
        SettingError: norms are to be folded while the model is in training mode.
    """

    def __init__(self, model: nn.ModuleDict, plan: Plan) -> None:
        if model.training:
            plan.refuse_for_training()
        self.plan, self.original, self.model = plan, model, model
        self._relaid: list[tuple[nn.Parameter, nn.Parameter]] = []
        # those that were made in inference mode count no changes
        self._tensors = [each for each in (*model.parameters(), *model.buffers()) if not each.is_inference()]
        self._versions = self._current_versions()
        self._stack = ExitStack()
        if plan.changes_modules:
            if plan.channels_last:
                self._relaid = [(each, _channels_last_copy(each)) for each in model.parameters() if each.dim() == 4]
            self.model = own_modules(model, dict(self._relaid))
            _rewrite(self.model, plan)

    @property
    def current(self) -> bool:
        """Whether the model's weights are those that were prepared: unchanged in place, and where they were."""
        return self.model is self.original or self._current_versions() == self._versions

    def __call__(self, batch: Batch) -> Any:
        """What the only network gives for a batch: a tensor, or tensors by name."""
        placed = self.place(batch)
        return self.model["network"](placed.inputs, placed.masks)

    def place(self, batch: Batch) -> Batch:
        """A batch in the plan's layout."""
        if not self.plan.channels_last:
            return batch
        return replace(batch, inputs={name: _channels_last(values) for name, values in batch.inputs.items()})

    def losses(
        self, task: Task, model: nn.ModuleDict, batch: Batch, generator: torch.Generator,
        auxiliary: Mapping[str, float] = MappingProxyType({}),
    ) -> Iterator[tuple[str, Tensor]]:  # fmt: skip
        """The task's losses with those of the blocks, each computed in the plan's arithmetic when it is asked for.

        Args:
            task: that computes them.
            model: the executor's, possibly wrapped for several processes.
            batch: in the plan's layout.
            generator: of the task's random numbers.
            auxiliary: weights of the blocks' losses by name; 1 for every other.
        """
        losses = with_auxiliary(task.losses(model, batch, generator), task, model, auxiliary)
        return self._autocast(losses, generator.device) if self.plan.precision == "bfloat16" else losses

    @contextmanager
    def process_settings(self) -> Iterator[None]:
        """Settings of the whole process: number of threads, precision of float32 products, the kernel of attention."""
        threads, products = torch.get_num_threads(), torch.get_float32_matmul_precision()
        if self.plan.threads is not None:
            torch.set_num_threads(self.plan.threads)
        if self.plan.precision == "tf32":
            torch.set_float32_matmul_precision("high")
        try:
            with sdpa_kernel(SDPBackend.MATH) if self.plan.attention == "plain" else nullcontext():
                yield
        finally:
            torch.set_num_threads(threads)
            torch.set_float32_matmul_precision(products)

    def __enter__(self) -> Self:
        """Compile, and keep memory, until the context ends; then the model has the weights that were trained."""
        with ExitStack() as stack:
            stack.enter_context(_modes_restored(self.original))
            stack.callback(self._copy_back)
            stack.enter_context(kept_memory(self.plan.keep_memory))
            if self.plan.compiled:
                stack.enter_context(_compiled(self.model, "reduce-overhead" if self.plan.graphs else None))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, traceback)

    @torch.no_grad()
    def _copy_back(self) -> None:
        """The values of weights that exist twice, into the model."""
        for written, relaid in self._relaid:
            written.copy_(relaid)

    def _autocast(self, losses: Iterator[tuple[str, Tensor]], device: torch.device) -> Iterator[tuple[str, Tensor]]:
        done = object()
        while True:
            with torch.autocast(device.type, torch.bfloat16):
                pair: Any = next(losses, done)
            if pair is done:
                return
            yield pair

    def _current_versions(self) -> list[int]:
        """How often each tensor was changed; and where the first one lies, as a model moves as a whole."""
        return [each._version for each in self._tensors] + [each.data_ptr() for each in self._tensors[:1]]


def own_modules(model: nn.ModuleDict, instead: dict[nn.Parameter, nn.Parameter] | None = None) -> nn.ModuleDict:
    """Copies of all modules around the same tensors.

    Args:
        model: the networks by part.
        instead: parameters that the copies have in place of the model's own.
    """
    tensors = {id(each): each for each in (*model.parameters(), *model.buffers())}
    tensors |= {id(each): other for each, other in (instead or {}).items()}
    return copy.deepcopy(model, tensors)


def _rewrite(model: nn.ModuleDict, plan: Plan) -> None:
    if plan.pool_first:
        pool_first(model)
    if plan.fold_norms:
        fold_norms(model)
    if plan.dense_by_onednn:
        dense_by_onednn(model)


@contextmanager
def _compiled(model: nn.ModuleDict, mode: str | None) -> Iterator[None]:
    networks = [module for module in model.modules() if isinstance(module, Network)]
    for network in networks:
        network.compile(mode=mode)
    try:
        yield
    finally:
        for network in networks:
            network._compiled_call_impl = None  # torch offers no way back
        torch._dynamo.reset()  # else a class is compiled at most eight times, and then silently not


@contextmanager
def _modes_restored(model: nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def _channels_last(values: Tensor) -> Tensor:
    return values.to(memory_format=torch.channels_last) if values.dim() == 4 else values


def _channels_last_copy(weight: nn.Parameter) -> nn.Parameter:
    """Not by `contiguous`: with one channel both layouts are the same, and what follows goes by the strides."""
    values = weight.detach().to(memory_format=torch.channels_last, copy=True)
    return nn.Parameter(values, weight.requires_grad)
