"""Which plans answers are computed under: measured after the training, for one example and for many.

Forward passes over real inputs are timed, two plans alternately: plain eager execution, and what may be faster – norms
folded, weights in another layout, pools first, dense layers by oneDNN, memory kept if a pass allocates any. One change
is tried on top of the other, and kept if the shortest pass is shorter by more than `LEAST_GAIN` and outputs are within
`TOLERANCE` of eager's. The final plan is compared with eager once more. bfloat16 would give other answers, and
compiling takes longer than a short-lived process has.

All is measured on the CPU, with the threads that the training had, within `SHARE` of its time and `SECONDS`; a pass
that has begun is not interrupted.
"""

import copy
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from weftnet.base.heap import can_keep_memory, kept_memory, pages_fetched
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.errors import WeftnetError
from weftnet.execution.executor import Executor, own_modules
from weftnet.execution.folding import fold_norms
from weftnet.execution.plan import Plan
from weftnet.execution.planned import LEAST_GAIN, AnswerPlans, BatchPlan, TriedPlan
from weftnet.execution.products import dense_by_onednn
from weftnet.execution.rewrites import pool_first

#: Batch sizes that are measured: one example that waits for its answer, and many.
SIZES = (1, 64)
#: Share of the training's time that trying may take, and the most seconds.
SHARE, SECONDS = 0.01, 2.0
#: Largest difference of an output from eager's, relative to the largest output.
TOLERANCE = 1e-4
#: With fewer seconds than this nothing is tried.
_SHORTEST = 0.02
#: Passes that a comparison takes at the least; one comparison comes last, after all changes were tried.
_LEAST = 10
#: Fewest and most rounds of a comparison.
_FEW, _MANY = 3, 50
#: Seconds of passes that are timed together: reading the clock must not count.
_BLOCK = 5e-4
_TOO_SHORT = "too short to measure"


def plans_for_answers(
    model: nn.ModuleDict, data: Data, wanted: str | Mapping[str, Any], seconds: float
) -> AnswerPlans | None:
    """The plans for answers; None for several networks, none of which answers alone.

    Args:
        model: the networks by part, with the weights that are kept, in evaluation mode.
        data: real inputs.
        wanted: the recipe's plan: "auto" is the fastest that is measured, "eager" plain PyTorch, else a plan's fields.
        seconds: the training took.
    """
    if tuple(model) != ("network",):
        return None
    began, allowed = time.perf_counter(), min(SECONDS, SHARE * seconds)
    if wanted != "auto":
        plan = Plan() if isinstance(wanted, str) else Plan.from_dict(wanted)
        sizes = [BatchPlan(size, "given", plan.for_answers()) for size in SIZES]
    elif allowed < _SHORTEST:
        sizes = [BatchPlan(size, _TOO_SHORT) for size in SIZES]
    else:
        sizes = list(_measured(model, data, began + allowed))
    return AnswerPlans(torch.get_num_threads(), time.perf_counter() - began, tuple(sizes))


def _measured(model: nn.ModuleDict, data: Data, end: float) -> Iterator[BatchPlan]:
    if any(each.is_cuda for each in model.parameters()):
        model = copy.deepcopy(model).cpu()
    try:
        split = "validation" if data.sizes.get("validation") else "train"
        batch, reason = next(iter(data.batches(split, max(SIZES))), None), "no examples to measure with"
    except WeftnetError as error:  # the training is done, and must not be lost for this
        batch, reason = None, _failure(error)
    if batch is None:
        yield from (BatchPlan(size, reason) for size in SIZES)
        return
    for remaining, size in zip(range(len(SIZES), 0, -1), SIZES, strict=True):
        yield measure(model, resized(batch, size), (end - time.perf_counter()) / remaining)


def resized(batch: Batch, size: int) -> Batch:
    """A batch of `size` of the examples, repeated if there are fewer; without targets."""
    rows = torch.arange(size) % batch.size
    inputs, masks = (
        {name: values.cpu()[rows] for name, values in each.items()} for each in (batch.inputs, batch.masks)
    )
    return Batch(inputs, masks, {}, rows)


def measure(model: nn.ModuleDict, batch: Batch, allowed: float) -> BatchPlan:
    """The fastest plan for batches like this one.

    Args:
        model: with a single network, on the CPU, in evaluation mode.
        batch: real inputs.
        allowed: seconds.
    """
    end, eager = time.perf_counter() + allowed, Executor(model, Plan())
    with torch.inference_mode():
        try:
            expected = eager(batch)  # the first pass sets things up
        except Exception as error:  # a block of a plugin may raise anything; the training is done, and must not be lost
            return BatchPlan(batch.size, _failure(error))
        if time.perf_counter() > end:
            return BatchPlan(batch.size, _TOO_SHORT)
        seconds = min(_timed(eager, batch, 1, time.perf_counter) for _ in range(_FEW))
        comparison = _LEAST * seconds
        if 2 * comparison > end - time.perf_counter():
            return BatchPlan(batch.size, _TOO_SHORT)
        tried = [TriedPlan(Plan(), "as written", seconds, 1.0, 0.0)]
        best = _improved(eager, batch, expected, comparison, end, tried)
        if best is not eager:
            best = _confirmed(eager, best, batch, expected, end, tried)
    return BatchPlan(batch.size, "measured", best.plan, tuple(tried))


def _improved(
    eager: Executor, batch: Batch, expected: Any, comparison: float, end: float, tried: list[TriedPlan]
) -> Executor:
    """One change after another on top of the best plan so far, as long as there is time; notes all in `tried`.

    Args:
        eager: the plain plan.
        batch: real inputs.
        expected: eager's outputs.
        comparison: seconds that a comparison takes at the least; those of the last one are left over.
        end: of the time, on the clock.
        tried: is added to.
    """
    best, total, changes = eager, 1.0, _changes(eager, batch)
    for number, change in enumerate(changes):
        plan, remaining = best.plan.but(**change), end - time.perf_counter()
        if remaining < 2 * comparison:
            tried.append(TriedPlan(plan, "not tried: the time for trying is over"))
            continue
        allowed = (remaining - comparison) / (len(changes) - number)
        other, result = _compared(best, plan, batch, expected, allowed)
        if other is None or result.ratio is None or result.ratio <= 1 + LEAST_GAIN:
            ratio = None if result.ratio is None else result.ratio * total
            tried.append(replace(result, verdict=result.verdict or "no gain", ratio=ratio))
            continue
        best, total = other, total * result.ratio
        tried.append(replace(result, verdict="kept", ratio=total))
    return best


def _confirmed(
    eager: Executor, best: Executor, batch: Batch, expected: Any, end: float, tried: list[TriedPlan]
) -> Executor:
    """The best plan if it is faster than eager in a comparison of the two alone, else eager."""
    _, result = _compared(eager, best.plan, batch, expected, end - time.perf_counter())
    is_faster = result.ratio is not None and result.ratio > 1 + LEAST_GAIN
    tried.append(replace(result, verdict="taken" if is_faster else result.verdict or "no gain in the end"))
    return best if is_faster else eager


def _changes(eager: Executor, batch: Batch) -> list[dict[str, Any]]:
    """The changes that do something to this model, the likeliest gain first."""
    own = own_modules(eager.original)
    effective = {
        "fold_norms": fold_norms(own) > 0,
        "channels_last": any(parameter.dim() == 4 for parameter in eager.original.parameters()),
        "pool_first": pool_first(own) > 0,
        "dense_by_onednn": dense_by_onednn(own) > 0,
        "keep_memory": can_keep_memory() and all(_allocates(eager, batch) for _ in range(_FEW)),
    }
    return [{name: True} for name, is_effective in effective.items() if is_effective]


def _allocates(executor: Executor, batch: Batch) -> bool:
    """Whether a pass asks the system for memory; else there is none to keep."""
    before = pages_fetched()
    executor(batch)
    return pages_fetched() > before


def _compared(
    best: Executor, plan: Plan, batch: Batch, expected: Any, allowed: float
) -> tuple[Executor | None, TriedPlan]:
    """A plan beside the best so far, timed alternately; the verdict is empty where only speed decides."""
    try:
        other = Executor(best.original, plan)
        difference = _difference(expected, other(batch))
    except (RuntimeError, WeftnetError) as error:
        return None, TriedPlan(plan, _failure(error))
    if not difference <= TOLERANCE:  # NaN is not
        return None, TriedPlan(plan, "gives other outputs", difference=difference)
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    end, keeps = time.perf_counter() + allowed, (best.plan.keep_memory, plan.keep_memory)
    with kept_memory(all(keeps)):
        calls = max(1, int(_BLOCK / max(_timed(best, batch, 1, time.perf_counter), 1e-9)))
        pairs: list[tuple[float, float]] = []
        while len(pairs) < _FEW or (len(pairs) < _MANY and time.perf_counter() < end):
            old, new = (_timed(each, batch, calls, clock, any(keeps) != all(keeps)) for each in (best, other))
            pairs.append((old, new))
    old, new = (max(min(times), 1e-9) for times in zip(*pairs, strict=True))
    return other, TriedPlan(plan, "", new, old / new, difference)


def _timed(executor: Executor, batch: Batch, calls: int, clock: Callable[[], float], warm: bool = False) -> float:
    """Seconds of a pass; with `warm` an untimed pass first allocates the memory that the other plan gave back."""
    with kept_memory(executor.plan.keep_memory):
        if warm:
            executor(batch)
        began = clock()
        for _ in range(calls):
            executor(batch)
        return (clock() - began) / calls


def _difference(expected: Any, actual: Any) -> float:
    """Largest difference of an output, relative to the largest output."""
    pairs = zip(*(each.values() if isinstance(each, Mapping) else [each] for each in (expected, actual)), strict=True)
    return max(float((a - b).abs().max() / a.abs().max().clamp(min=1e-30)) for a, b in pairs)


def _failure(error: Exception) -> str:
    return f"fails: {(str(error).splitlines() or [type(error).__name__])[0]}"
