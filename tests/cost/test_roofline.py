"""The roofline: counts against hand-computed FLOPs and bytes, times against the formula, the file that is kept."""

import json
import math
from collections import Counter
from dataclasses import replace

import pytest
import torch

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.compose import resolve
from weftnet.cost import microbenchmarks
from weftnet.cost.cost import cost
from weftnet.cost.kernel_call import COMPUTING, KernelCall
from weftnet.cost.machine import Machine, this_machine
from weftnet.cost.microbenchmarks import BLOCKS, CALLS, PROBES, fitted, measure, probe_cost, roofline
from weftnet.cost.roofline import Roofline, cache_path, pass_calls
from weftnet.cost.step_time import PASSES, StepTime

MACHINE = Machine("a processor", 1)
RATES = {
    "product": ((1e4, 1e9), (1e6, 1e11)),
    "elementwise": ((1e5, 2e10), (1e7, 5e9)),
    "pool": ((1e6, 1e9),),
}
OVERHEAD = {"forward": 3e-6, "backward": 5e-6, "update": 7e-6}
ROOFLINE = Roofline(MACHINE, OVERHEAD, 2e-6, dict.fromkeys(PASSES, RATES))


def calls(nodes: object, text: str, batch: int) -> dict[str, Counter[KernelCall]]:
    tree = resolve(from_dict(nodes).parts["network"], {"x": parse(text)})
    passes = pass_calls([cost(tree, batch)])
    return {name: Counter(dict(each)) for name, each in passes.items()}


def test_a_dense_layer_is_counted_as_by_hand() -> None:
    batch, dim_in, dim = 5, 7, 11
    counted = calls([{"dense": {"dim": dim}}, "relu"], f"vector:{dim_in}", batch)
    x, w, b, y = 4 * batch * dim_in, 4 * dim_in * dim, 4 * dim, 4 * batch * dim
    flops = 2 * batch * dim_in * dim
    assert counted["forward"] == {
        KernelCall("product", flops, b + x + w + y): 1,
        KernelCall("elementwise", 0, 2 * y): 1,  # relu: read and written
    }
    assert counted["backward"] == {
        KernelCall("elementwise", 0, 3 * y): 1,  # relu: gradient and output read, gradient written
        KernelCall("product", flops, x + y + w): 1,  # to the weights; nobody asks for the gradient of the input
        KernelCall("elementwise", 0, y + b): 1,  # to the bias: a sum
    }
    steps = 2 * 4  # what AdamW keeps: two values for each weight, and a count of steps for each parameter
    share = (2 * (w + b) + steps) / (w + b)
    assert counted["update"] == {
        KernelCall("update", 0, round((3 + 2 * share) * w)): 1,
        KernelCall("update", 0, round((3 + 2 * share) * b)): 1,
    }


def test_a_convolution_is_counted_as_by_hand() -> None:
    counted = calls([{"conv2d": {"channels": 6}}, {"conv2d": {"channels": 6, "groups": 3}}], "image:3x8x10", 2)
    x, first, pixels = 4 * 2 * 3 * 80, 4 * 6 * 3 * 9, 4 * 2 * 6 * 80
    second = 4 * 6 * 2 * 9
    bias = 4 * 6
    assert counted["forward"] == {
        KernelCall("convolution", 2 * 9 * 3 * 6 * 80 * 2, x + first + bias + pixels): 1,
        KernelCall("depthwise", 2 * 9 * 2 * 6 * 80 * 2, pixels + second + bias + pixels): 1,
    }
    backward = {call.kind: call.flops for call in counted["backward"]}
    assert backward == {"convolution": 2 * 9 * 3 * 6 * 80 * 2, "depthwise": 2 * 2 * 9 * 2 * 6 * 80 * 2}


def test_of_a_table_only_the_rows_that_are_looked_up_are_read() -> None:
    counted = calls([{"embedding": {"dim": 12}}], "tokens:7,vocabulary=5000", 3)
    (call,) = counted["forward"]
    assert call == KernelCall("lookup", 0, 2 * 4 * 3 * 7 * 12 + 8 * 3 * 7)


def test_an_lstm_is_one_call_in_each_direction() -> None:
    time_, batch, dim_in, dim = 12, 4, 5, 32
    counted = calls([{"lstm": {"dim": dim}}], f"series:{time_}x{dim_in}", batch)
    flops = 8 * time_ * batch * dim * (dim_in + dim)
    assert [call.flops for call in counted["forward"] if call.kind == "lstm"] == [flops]
    assert [call.flops for call in counted["backward"] if call.kind == "lstm"] == [2 * flops]


def test_a_call_takes_its_overhead_and_the_higher_roof() -> None:
    bound_by_flops = KernelCall("product", 10**6, 100)
    bound_by_bytes = KernelCall("product", 10**6, 10**8)
    assert ROOFLINE.seconds("forward", bound_by_flops) == pytest.approx(3e-6 + 1e6 / 1e11)
    assert ROOFLINE.seconds("backward", bound_by_bytes) == pytest.approx(5e-6 + 1e8 / 5e9)
    assert ROOFLINE.seconds("update", KernelCall("pool", 0, 10**6)) == pytest.approx(7e-6 + 1e6 / 1e9)


def test_rates_are_interpolated_on_logarithmic_axes_and_held_beyond() -> None:
    for flops, rate in ((1, 1e9), (10**4, 1e9), (10**5, 1e10), (10**6, 1e11), (10**9, 1e11)):
        seconds = ROOFLINE.seconds("forward", KernelCall("product", flops, 0))
        assert seconds == pytest.approx(3e-6 + flops / rate)
    middle = ROOFLINE.seconds("forward", KernelCall("elementwise", 0, 10**6))
    assert middle == pytest.approx(3e-6 + 1e6 / math.sqrt(2e10 * 5e9))


def test_kinds_that_were_not_measured_count_as_the_usual_ones() -> None:
    assert ROOFLINE.seconds("forward", KernelCall("attention", 10**6, 0)) == pytest.approx(
        ROOFLINE.seconds("forward", KernelCall("product", 10**6, 0))
    )
    assert ROOFLINE.seconds("forward", KernelCall("sinh", 0, 10**7)) == pytest.approx(
        ROOFLINE.seconds("forward", KernelCall("elementwise", 0, 10**7))
    )


def test_a_step_is_the_sum_of_its_calls() -> None:
    tree = resolve(from_dict([{"dense": {"dim": 3}}, "relu"]).parts["network"], {"x": parse("vector:5")})
    counted = cost(tree, 8)
    step = ROOFLINE.step_time([counted, counted])
    for name, each in pass_calls([counted]).items():
        blocks = 2 * 2e-6 if name == "forward" else 0
        seconds = sum(n * ROOFLINE.seconds(name, call) for call, n in each) + blocks
        assert getattr(step, name) == pytest.approx(2 * seconds)
    assert not step.measured
    assert "roofline" in step.basis
    still = cost(resolve(from_dict(["relu"]).parts["network"], {"x": parse("vector:5")}), 8)
    assert ROOFLINE.step_time([still]).update == 0


def test_the_rates_that_made_the_times_of_probes_are_fitted() -> None:
    """Times made by a known roofline, at the sizes of the real probes."""
    kinds = {probe.kind for probe in PROBES} | {"update"}
    rate = {kind: (1e10 if kind in COMPUTING else 1e9) * (number + 2) for number, kind in enumerate(sorted(kinds))}
    rate["elementwise"] = 1e11  # no product is bound by its bytes
    rates = {kind: ((1.0, each),) for kind, each in rate.items()}
    true = Roofline(MACHINE, OVERHEAD, 2e-6, dict.fromkeys(PASSES, rates))
    results = []
    for probe in (CALLS, BLOCKS, *PROBES):
        for batch in probe.batches:
            counted = probe_cost(probe, batch)
            step = true.step_time([counted])
            if probe in (CALLS, BLOCKS):  # so small that nothing else counts
                calls = {name: sum(n for _, n in each) for name, each in pass_calls([counted]).items()}
                seconds = {name: true.overhead[name] * n for name, n in calls.items()}
                step = StepTime(**seconds)
                if probe is BLOCKS:
                    step = replace(step, forward=step.forward + 2e-6 * len(counted.rows))
            results.append((probe, counted, step))
    found = fitted(MACHINE, results)
    assert found.overhead == pytest.approx(true.overhead)
    assert found.block == pytest.approx(2e-6)
    for name in ("forward", "backward"):
        assert found.rates[name].keys() >= kinds - {"update", "random"}
        for kind, pairs in found.rates[name].items():  # at the largest size: at the smallest others take the most
            assert pairs[-1][1] == pytest.approx(rate[kind], rel=0.2), (name, kind)
    assert all(each == pytest.approx(rate["update"]) for _, each in found.rates["update"]["update"])


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Machine]:
    """The machines that were measured, without measuring."""
    machines: list[Machine] = []

    def fake(machine: Machine, progress: object) -> Roofline:
        machines.append(machine)
        return Roofline(machine, ROOFLINE.overhead, ROOFLINE.block, ROOFLINE.rates)

    monkeypatch.setattr(microbenchmarks, "measure", fake)
    return machines


def test_it_is_measured_once_and_kept_as_json(measured: list[Machine]) -> None:
    first, note = roofline()
    assert not note
    assert roofline() == (first, "")
    assert measured == [this_machine()]
    assert json.loads(cache_path(this_machine()).read_text())["overhead"]["forward"] == 3e-6
    roofline(anew=True)
    assert len(measured) == 2


def test_other_threads_and_processors_are_other_machines() -> None:
    paths = {cache_path(machine) for machine in (Machine("a", 1), Machine("a", 2), Machine("b", 1))}
    assert len(paths) == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[]",
        lambda text: text.replace('"rates"', '"prices"'),
        lambda text: text.replace('"elementwise"', '"elementwiser"'),
        lambda text: text.replace("5000000000.0", "-1"),
        lambda text: text.replace("5000000000.0", '"many"'),
        lambda text: text.replace("5000000000.0", "NaN"),
        lambda text: text.replace("5000000000.0", "Infinity"),
        lambda text: text.replace("3e-06", "NaN"),
        lambda text: text.replace('"block"', '"blocks"'),
        lambda text: text.replace("10000.0", "1e9"),
        lambda text: text.replace('"format": 4', '"format": 3'),
        lambda text: text.replace('"threads"', '"thread"'),
    ],
)
def test_a_broken_cache_file_is_measured_anew_and_reported(measured: list[Machine], damage) -> None:
    whole, _ = roofline()
    path = cache_path(this_machine())
    text = path.read_text()
    assert damage(text) != text
    path.write_text(damage(text))
    again, note = roofline()
    assert again == whole
    assert "measured anew" in note
    assert str(path) in note
    assert roofline() == (whole, "")  # whole again
    assert len(measured) == 2


def test_a_cache_that_can_t_be_written_is_no_error(
    measured: list[Machine], monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    result, note = roofline()
    assert result.machine == this_machine()
    assert "could not be kept" in note


def test_a_few_real_probes_make_a_roofline(monkeypatch: pytest.MonkeyPatch) -> None:
    few = [probe for probe in PROBES if probe.kind in ("product", "elementwise")]
    monkeypatch.setattr(microbenchmarks, "PROBES", [replace(p, batches=p.batches[:2]) for p in few])
    shares: list[float] = []
    result = measure(this_machine(), shares.append)
    assert shares[-1] == 1
    assert all(0 < seconds < 1e-2 for seconds in result.overhead.values())
    assert 0 <= result.block < 1e-2
    assert all(rate > 1e6 for rates in result.rates.values() for pairs in rates.values() for _, rate in pairs)


@pytest.mark.slow
def test_every_kind_of_kernel_is_measured() -> None:
    """How well it estimates real steps is measured in benchmarks/cost.py."""
    result = measure(this_machine())
    kinds = {probe.kind for probe in PROBES}
    assert result.rates["forward"].keys() == kinds
    assert result.rates["backward"].keys() == kinds - {"random"}
    tree = resolve(from_dict([{"dense": {"dim": 512}}]).parts["network"], {"x": parse("vector:400")})
    few, many = (result.step_time([cost(tree, batch)]).total for batch in (64, 4096))
    assert 0 < few < many


def test_threads_are_those_of_torch() -> None:
    assert this_machine().threads == torch.get_num_threads()
    assert str(MACHINE) == "a processor, 1 thread"
    assert str(Machine("a processor", 2)) == "a processor, 2 threads"
