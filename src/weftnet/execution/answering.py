"""Which plans answers are computed under: measured after the training, for one example and for many.

Forward passes over real inputs, by turns: eager, and what may be faster – norms folded, weights in another layout,
pools first, dense layers by oneDNN, memory kept if a pass fetches any. One change comes on top of the other, and stays
if the shortest pass is shorter by more than `LEAST_GAIN` and outputs are eager's within `TOLERANCE`. The final plan is
compared with eager once more. bfloat16 would give other answers, and compiling takes longer than a short-lived process
has.

All is measured on the CPU, with the threads that the training had, within `SHARE` of its time and `SECONDS`; a pass
that has begun is not broken off.
"""

import copy
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import torch
from torch import nn

from weftnet.base.heap import can_keep_memory, kept_memory, pages_fetched
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.errors import WeftnetError
from weftnet.execution.folding import fold_norms
from weftnet.execution.plan import Plan
from weftnet.execution.prepared import Prepared
from weftnet.execution.products import dense_by_onednn
from weftnet.execution.rewrites import pool_first
from weftnet.execution.tried import LEAST_GAIN, TriedPlan

#: Examples of a batch that is measured: one that waits for its answer, and many.
SIZES = (1, 64)
#: Share of the training's time that trying may take, and the most seconds.
SHARE, SECONDS = 0.01, 2.0
#: Largest difference of an output from eager's, relative to the largest output.
TOLERANCE = 1e-4
#: Seconds without which nothing is tried.
_SHORTEST = 0.02
#: Passes that a comparison takes at the least; one comes in the end, after all that are tried.
_LEAST = 10
#: Turns of a comparison.
_FEW, _MANY = 3, 50
#: Seconds of passes that are timed together: the clock's own time must not count.
_BLOCK = 5e-4
_TOO_SHORT = "too short to measure"


def plans_for_answers(
    model: nn.ModuleDict, data: Data, wanted: str | Mapping[str, Any], seconds: float
) -> dict[str, Any] | None:
    """What run.json says of the plans for answers; None for several networks, none of which answers alone.

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
        plan = Plan.for_answers(wanted)
        rows = [_row(size, "given", plan) for size in SIZES]
    elif allowed < _SHORTEST:
        rows = [_row(size, _TOO_SHORT) for size in SIZES]
    else:
        rows = list(_rows(model, data, began + allowed))
    return {"threads": torch.get_num_threads(), "seconds": time.perf_counter() - began, "sizes": rows}


def _rows(model: nn.ModuleDict, data: Data, end: float) -> Iterator[dict[str, Any]]:
    if any(each.is_cuda for each in model.parameters()):
        model = copy.deepcopy(model).cpu()
    try:
        split = "validation" if data.sizes.get("validation") else "train"
        batch, lacking = next(iter(data.batches(split, max(SIZES))), None), "no examples to measure with"
    except WeftnetError as error:  # the training is done, and must not be lost for this
        batch, lacking = None, _failed(error)
    if batch is None:
        yield from (_row(size, lacking) for size in SIZES)
        return
    for left, size in zip(range(len(SIZES), 0, -1), SIZES, strict=True):
        yield measure(model, sized(batch, size), (end - time.perf_counter()) / left)


def sized(batch: Batch, size: int) -> Batch:
    """So many of a batch's examples, some of them more than once if there are fewer; without targets."""
    rows = torch.arange(size) % batch.size
    inputs, masks = (
        {name: values.cpu()[rows] for name, values in each.items()} for each in (batch.inputs, batch.masks)
    )
    return Batch(inputs, masks, None, rows)


def measure(model: nn.ModuleDict, batch: Batch, allowed: float) -> dict[str, Any]:
    """The fastest plan for batches like this one as {"batch", "source", "plan", "tried"}; the plan is None if unknown.

    Args:
        model: with a single network, on the CPU, in evaluation mode.
        batch: real inputs.
        allowed: seconds.
    """
    end, eager = time.perf_counter() + allowed, Prepared(model, Plan())
    with torch.inference_mode():
        try:
            base = eager(batch)  # the first pass sets things up
        except Exception as error:  # a block of a plugin may raise anything; the training is done, and must not be lost
            return _row(batch.size, _failed(error))
        if time.perf_counter() > end:
            return _row(batch.size, _TOO_SHORT)
        own = min(_timed(eager, batch, 1, time.perf_counter) for _ in range(_FEW))
        if 2 * (least := _LEAST * own) > end - time.perf_counter():
            return _row(batch.size, _TOO_SHORT)
        best, total, tried = eager, 1.0, [TriedPlan(Plan().to_dict(), "as written", own, 1.0, 0.0)]
        for left, change in _counted(_changes(eager, batch)):
            plan, remaining = best.plan.but(**change), end - time.perf_counter()
            if remaining < 2 * least:
                tried.append(TriedPlan(plan.to_dict(), "not tried: the time for trying is over"))
                continue
            there, found = _against(best, plan, batch, base, (remaining - least) / left)
            if there is None or found.ratio is None or found.ratio <= 1 + LEAST_GAIN:
                tried.append(replace(found, verdict=found.verdict or "no gain", ratio=_times(found.ratio, total)))
                continue
            best, total = there, total * found.ratio
            tried.append(replace(found, verdict="kept", ratio=total))
        if best is not eager:
            _, found = _against(eager, best.plan, batch, base, end - time.perf_counter())
            lasts = found.ratio is not None and found.ratio > 1 + LEAST_GAIN
            tried.append(replace(found, verdict="taken" if lasts else found.verdict or "no gain in the end"))
            best = best if lasts else eager
    return _row(batch.size, "measured", best.plan, tried)


def _changes(eager: Prepared, batch: Batch) -> list[dict[str, Any]]:
    """What may be tried on this model, the likeliest first."""
    model = eager.written
    offered = {
        "fold_norms": _does(fold_norms, model),
        "channels_last": any(parameter.dim() == 4 for parameter in model.parameters()),
        "pool_first": _does(pool_first, model),
        "dense_by_onednn": _does(dense_by_onednn, model),
        "keep_memory": can_keep_memory() and all(_fetches(eager, batch) for _ in range(_FEW)),
    }
    return [{name: True} for name, can in offered.items() if can]


def _does(rewrite: Callable[..., int], model: nn.Module) -> bool:
    count = rewrite(model)
    rewrite(model, on=False)
    return count > 0


def _fetches(side: Prepared, batch: Batch) -> bool:
    """Whether a pass asks the system for memory; else there is none to keep."""
    before = pages_fetched()
    side(batch)
    return pages_fetched() > before


def _counted(changes: list[dict[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each with how many are left, itself included."""
    return zip(range(len(changes), 0, -1), changes, strict=True)


def _against(here: Prepared, plan: Plan, batch: Batch, base: Any, allowed: float) -> tuple[Prepared | None, TriedPlan]:
    """A plan against the best so far, by turns; the verdict is empty where only speed counts."""
    try:
        there = Prepared(here.written, plan)
        difference = _difference(base, there(batch))
    except (RuntimeError, WeftnetError) as error:
        return None, TriedPlan(plan.to_dict(), _failed(error))
    if not difference <= TOLERANCE:  # which NaN is not
        return None, TriedPlan(plan.to_dict(), "gives other outputs", difference=difference)
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    end, keeps = time.perf_counter() + allowed, (here.plan.keep_memory, plan.keep_memory)
    with kept_memory(all(keeps)):
        calls = max(1, int(_BLOCK / max(_timed(here, batch, 1, time.perf_counter), 1e-9)))
        pairs: list[tuple[float, float]] = []
        while len(pairs) < _FEW or (len(pairs) < _MANY and time.perf_counter() < end):
            old, new = (_timed(side, batch, calls, clock, any(keeps) != all(keeps)) for side in (here, there))
            pairs.append((old, new))
    old, new = (max(min(times), 1e-9) for times in zip(*pairs, strict=True))
    return there, TriedPlan(plan.to_dict(), "", new, old / new, difference)


def _timed(side: Prepared, batch: Batch, calls: int, clock: Callable[[], float], first: bool = False) -> float:
    """Seconds of a pass; `first` goes one before them that fetches what memory the other side gave back."""
    with kept_memory(side.plan.keep_memory):
        if first:
            side(batch)
        began = clock()
        for _ in range(calls):
            side(batch)
        return (clock() - began) / calls


def _difference(base: Any, other: Any) -> float:
    """Largest difference of an output, relative to the largest output."""
    pairs = zip(*(each.values() if isinstance(each, Mapping) else [each] for each in (base, other)), strict=True)
    return max(float((a - b).abs().max() / a.abs().max().clamp(min=1e-30)) for a, b in pairs)


def _times(ratio: float | None, total: float) -> float | None:
    return None if ratio is None else ratio * total


def _failed(error: Exception) -> str:
    return f"fails: {(str(error).splitlines() or [type(error).__name__])[0]}"


def _row(size: int, source: str, plan: Plan | None = None, tried: Sequence[TriedPlan] = ()) -> dict[str, Any]:
    return {
        "batch": size, "source": source, "plan": None if plan is None else plan.to_dict(),
        "tried": [asdict(each) for each in tried],
    }  # fmt: skip
