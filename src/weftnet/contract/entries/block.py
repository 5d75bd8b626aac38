"""A block: an `nn.Module` whose annotations say what it reads and gives, see `weftnet.architecture.schema`."""

import copy
import inspect
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import jaxtyping
import torch
from torch import Tensor, nn

from weftnet.architecture.schema import schema
from weftnet.blocks import BLOCKS
from weftnet.compose.remembered import tensors, with_tensors
from weftnet.contract._block_cases import BATCH, Case, smallest, steppable, variants
from weftnet.contract._check import Broken, Check, NotApplicable, checks, expect, long, page, same
from weftnet.errors import SettingError

_TOLERANCE = 1e-9


def block(name: str) -> list[Check]:
    """The checks of a block."""
    functions = [
        _promises, _examples_do_not_mix, _gradients, _padding_is_neutral, _deterministic, _causal, _steps, _exports,
        _documented, _arguments_documented,
    ]  # fmt: skip
    return checks(name, str, functions)


def _first(module: nn.Module, *values: Tensor, **inputs: Tensor) -> Tensor:
    """What goes on in a network: the only output, or the first of several."""
    y = module(*values, **inputs)
    first: Tensor = y[0] if isinstance(y, tuple) else y
    return first


def _promises(name: str) -> None:
    """It gives the shape that it promises, finite, in the dtype that it was given."""
    for case in variants(name):
        with _in(case):
            y = _first(case.module(), **case.inputs())
            promised = case.resolved.output.shape(BATCH)
            expect(tuple(y.shape) == promised, "the shape is another", expected=str(promised), got=str(tuple(y.shape)))
            expect(y.dtype == torch.float64, "the dtype is another", expected="float64", got=str(y.dtype))
            expect(bool(y.isfinite().all()), "values are not finite")


def _examples_do_not_mix(name: str) -> None:
    """Each example of a batch gives what it gives alone."""
    for case in variants(name):
        with _in(case):
            module, inputs = case.module(), case.inputs()
            together = _first(module, **inputs)
            for i in range(BATCH):
                alone = _first(module, **{key: value[i : i + 1] for key, value in inputs.items()})
                what, fix = f"example {i} depends on its neighbours", "compute along every axis but the first"
                same(together[i : i + 1], alone, _TOLERANCE, what, fix)


def _gradients(name: str) -> None:
    """The gradient reaches every parameter and every input."""
    if not getattr(BLOCKS.get(name), "differentiable", True):
        raise NotApplicable("it is made of steps")
    for case in variants(name):
        with _in(case):
            module, inputs = case.module().train(), case.inputs()
            leaves = {key: value.requires_grad_() for key, value in inputs.items() if value.is_floating_point()}
            given = module(**inputs)
            tensors = [*leaves.items(), *module.named_parameters()]
            if not tensors:
                continue
            outputs = [y for y in (given if isinstance(given, tuple) else (given,)) if y.requires_grad]
            torch.autograd.backward([(y * torch.randn_like(y)).sum() for y in outputs])  # auxiliary losses too
            for key, tensor in tensors:
                expect(tensor.grad is not None, f"{key} gets no gradient", fix="use it, with functions of torch")
                assert tensor.grad is not None
                expect(bool(tensor.grad.isfinite().all()), f"the gradient by {key} is not finite")
                expect(bool(tensor.grad.any()), f"the gradient by {key} is zero")


def _padding_is_neutral(name: str) -> None:
    """Padding never changes the answer, whatever stands in it; padded steps of the output are zero."""
    cases = [case for case in variants(name) if schema(case.resolved.cls).masks]
    if not cases:
        raise NotApplicable("it takes no mask")
    for case in cases:
        with _in(case):
            _compare_padded(case)


def _compare_padded(case: Case) -> None:
    module, inputs = case.module(), case.inputs()
    form = schema(case.resolved.cls)
    masks, lengths = {}, {}
    for key, value in inputs.items():
        mask_name = "mask" if key == form.reads[0].name else f"{key}_mask"
        if mask_name in form.masks:
            time = value.shape[1]
            lengths[key] = [time, time - 1 if time < 10 else time - 30, time - 2 if time < 10 else time - 70]
            masks[mask_name] = torch.arange(time) < torch.tensor(lengths[key]).unsqueeze(1)
            padding = ~masks[mask_name].reshape(BATCH, time, *[1] * (value.ndim - 2))
            inputs[key] = value.masked_fill(padding, torch.nan) if value.is_floating_point() else value
    together = _first(module, **inputs, **masks)
    rows = list(together)
    if "time" in case.resolved.output.axes:
        real = module.next_mask(masks["mask"]) if form.moves_time else masks["mask"]  # type: ignore[operator]
        expect(not together[~real].any(), "padded steps of the output are not zero")
        rows = [row[:n] for row, n in zip(together, real.sum(1).tolist(), strict=True)]
    for i in range(BATCH):
        alone = {
            key: value[i : i + 1, : lengths[key][i]] if key in lengths else value[i : i + 1]
            for key, value in inputs.items()
        }
        expected = _first(module, **alone)[0]
        expect(
            bool(rows[i].isfinite().all()), "values are not finite where padding is NaN", fix="mask with torch.where"
        )
        if expected.shape == rows[i].shape:  # flattening gives less for less
            same(
                rows[i],
                expected,
                _TOLERANCE,
                f"example {i} depends on its padding",
                "leave out what the mask leaves out",
            )


def _deterministic(name: str) -> None:
    """In evaluation it repeats, and its state dict is all that it knows."""
    for case in variants(name):
        with _in(case):
            module, inputs = case.module(), case.inputs()
            y = _first(module, **inputs)
            expect(torch.equal(_first(module, **inputs), y), "a second call in evaluation differs")
            twin = case.resolved.cls(**case.resolved.settings).double().eval()
            twin.load_state_dict(copy.deepcopy(module.state_dict()))
            what, fix = "another one with the same state dict differs", "keep what it learns in parameters and buffers"
            expect(torch.equal(_first(twin, **inputs), y), what, fix=fix)


def _causal(name: str) -> None:
    """Where it is causal, no step sees a later one."""
    cases = [case for case in variants(name) if case.settings.get("causal") or "causal" in case.settings.values()]
    if not cases:
        raise NotApplicable("it has no setting that makes it causal")
    for case in cases:
        with _in(case):
            module, inputs = case.module(), case.inputs()
            first = next(iter(inputs))
            before = _first(module, **inputs)
            for t in range(1, inputs[first].shape[1]):
                later = inputs[first].clone()
                later[:, t:] += 1
                after = _first(module, **{**inputs, first: later})
                same(after[:, :t], before[:, :t], _TOLERANCE, f"steps before {t} see what comes later")


def _steps(name: str) -> None:
    """Where it works step by step, the steps give what the whole pass gives, with tensors between."""
    found = [each for each in map(steppable, variants(name)) if each]
    if not found:
        raise NotApplicable("it can't work step by step")
    for case, stepping, state in found:
        with _in(case):
            module, (x,) = case.module(), case.inputs().values()
            whole = _first(module, x)
            same(_first(module, x[:, :2]), whole[:, :2], _TOLERANCE, "the first steps see later ones")
            for start, stop in ((0, 3), (3, 4), (4, 6)):  # several at first, one, several
                y, state = stepping.step(module, x[:, start:stop], state)
                same(y, whole[:, start:stop], _TOLERANCE, f"steps {start} to {stop} differ from the whole pass")
                state = _through_tensors(state)


def _through_tensors(state: object) -> object:
    """The state, written as tensors and read again."""
    states = {"block": state}
    try:
        return with_tensors(states, tensors(states))["block"]
    except SettingError as error:
        fix = "remember a tensor, or an object with `tensor` and `of(tensor)`: a program has no other values"
        raise Broken(error.what, got=repr(state), fix=fix) from None


@long
def _exports(name: str) -> None:
    """torch.export gives a program of the same numbers."""
    case = smallest(name)
    module, inputs = case.module(), case.inputs()
    with unchecked(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of tensors that its own recurrent layers assign while traced
        exported = torch.export.export(module, (), kwargs=dict(inputs)).module()
    others = {key: value.flip(0) for key, value in inputs.items()}
    same(_first(exported, **others), _first(module, **others), _TOLERANCE, "the exported program gives other numbers")


def _documented(name: str) -> None:
    """It has a formula, a source with its year and link, a cost, and says when to choose it."""
    text = page(BLOCKS.get(name))
    for pattern, what, fix in (
        (r"^    \S", "a formula", "indent it by four spaces"),
        (r"(?s)^Source: .*\b(1[89]|20)\d\d\b", "a source with its year", "write Source: author, title, year, link"),
        (r"https?://", "a link", "give the paper's address"),
        (r"^Cost[ :]", "a cost", "write Cost: multiplications and parameters"),
        (r"^When: ", "a word on when to choose it", "write When: what it suits, and what to take instead elsewhere"),
    ):
        expect(bool(re.search(pattern, text, re.MULTILINE)), f"its docstring has no {what[2:]}", fix=fix)


def _arguments_documented(name: str) -> None:
    """Every argument of its constructor has a line under Args."""
    cls = BLOCKS.get(name)
    document = inspect.getdoc(cls) or ""
    missing = [each for each in schema(cls).settings if not re.search(rf"^    {each}: \S", document, re.MULTILINE)]
    expect(not missing, "not under Args in the docstring", got=", ".join(missing))


@contextmanager
def unchecked() -> Iterator[None]:
    """Without checks of annotations, which a program can't be exported with."""
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        jaxtyping.config.update("jaxtyping_disable", before)


@contextmanager
def _in(case: Case) -> Iterator[None]:
    """Errors say for which settings."""
    try:
        yield
    except Exception as error:
        error.add_note(str(case))
        if hasattr(error, "where") and not error.where:
            error.where = str(case)
        raise
