"""What is counted on meta against formulas written out, and against real networks on the CPU."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from counting import kernels
from torch import nn
from torch.profiler import ProfilerActivity, profile

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.compose import Network, resolve
from weftnet.compose.flow import Resolved
from weftnet.cost.check import check
from weftnet.cost.cost import Cost, cost, largest_batch
from weftnet.cost.room import largest, usable
from weftnet.errors import SettingError, UnknownName
from weftnet.optim import OPTIMISERS

CNN = [
    {"conv2d": {"channels": 8}}, "relu", "max_pool2d", {"conv2d": {"channels": 12, "stride": 2}}, "batch_norm2d",
    "relu", "flatten", {"dense": {"dim": 5}},
]  # fmt: skip
RESIDUAL = [{"conv2d": {"channels": 6}}, {"residual": [{"conv2d": {"channels": 6}}, "relu"]}, "global_average_pool2d"]
BRANCHES = [
    {"parallel": {"merge": "gate", "branches": [{"dense": {"dim": 9}}, {"dense": {"dim": 9}}]}}, "tanh",
]  # fmt: skip
ATTENTION = [{"embedding": {"dim": 24}}, {"multi_head_attention": {"heads": 3}}, "layer_norm", {"dense": {"dim": 7}}]
GRU = [{"gru": {"dim": 11}}, "last_step", {"dense": {"dim": 3}}]
LSTM = [{"lstm": {"dim": 32, "layers": 2, "bidirectional": True}}, "last_step", {"dense": {"dim": 3}}]
BLOCKS_OF_16 = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
NETWORKS = {
    "cnn": (CNN, "image:3x14x10"),
    "residual": (RESIDUAL, "image:3x9x7"),
    "gate": (BRANCHES, "vector:13"),
    "attention": (ATTENTION, "tokens:10,vocabulary=50"),
    "padded attention": (ATTENTION, "tokens:10,vocabulary=50,padded"),
    "gru": (GRU, "series:6x5"),
    "lstm": (LSTM, "series:12x5"),
}


def made(nodes: object, signal: str, name: str = "x") -> Resolved:
    return resolve(from_dict(nodes).parts["network"], {name: parse(signal)})


def row(counted: Cost, path: str):
    return next(each for each in counted.rows if each.path == path)


def batch_of(network: Network, batch: int) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    inputs, masks = {}, {}
    for name, signal in network.inputs.items():
        shape = signal.shape(batch)
        inputs[name] = torch.randint(signal.known["vocabulary"], shape) if signal.dtype == "int" else torch.randn(shape)
        if signal.padded:
            masks[name] = torch.arange(shape[1]) < torch.randint(1, shape[1] + 1, (batch, 1))
    return inputs, masks


def test_flops_of_dense_and_convolution_are_their_formulas():
    counted = cost(made(CNN, "image:3x14x10"), 4)
    assert row(counted, "0").flops == 2 * 3**2 * 3 * 8 * 14 * 10
    assert row(counted, "3").flops == 2 * 3**2 * 8 * 12 * 4 * 3
    assert row(counted, "7").flops == 2 * (12 * 4 * 3) * 5
    assert counted.flops == sum(each.flops for each in counted.rows)
    # backward of a product is two products, but nobody asks for the gradient of the image
    forward = {path: row(counted, path).flops for path in "037"}
    assert counted.training_flops == 3 * sum(forward.values()) - forward["0"]


def test_flops_of_grouped_and_transposed_convolutions_are_their_formulas():
    grouped = made([{"conv2d": {"channels": 8, "groups": 4}}, {"conv2d": {"channels": 4, "groups": 2}}], "image:4x6x5")
    counted = cost(grouped, 3)
    first, second = 2 * 9 * (4 // 4) * 8 * 6 * 5, 2 * 9 * (8 // 2) * 4 * 6 * 5
    assert [each.flops for each in counted.rows] == [first, second]
    assert counted.training_flops == 2 * first + 3 * second
    transposed = cost(made([{"transposed_conv2d": {"channels": 5}}], "image:3x4x6"), 3)
    assert transposed.flops == 2 * 2 * 2 * 3 * 5 * 4 * 6
    assert transposed.training_flops == 2 * transposed.flops


@pytest.mark.parametrize("padded", ["", ",padded"])
def test_flops_of_attention_are_projections_and_two_products(padded):
    counted = cost(made(ATTENTION, f"tokens:10,vocabulary=50{padded}"), 4)
    time_, dim = 10, 24
    assert row(counted, "1").flops == 2 * time_ * dim * 4 * dim + 2 * 2 * time_**2 * dim


def test_flops_of_recurrent_networks_are_their_gates():
    lstm = cost(made(LSTM, "series:12x5"), 4)
    one_way = 8 * 12 * 32 * (5 + 32) + 8 * 12 * 32 * (2 * 32 + 32)
    assert row(lstm, "0").flops == 2 * one_way
    gru = cost(made(GRU, "series:6x5"), 4)
    assert row(gru, "0").flops == 6 * 6 * 11 * (5 + 11)


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_are_those_of_the_network(name):
    resolved = made(*NETWORKS[name])
    network = Network(resolved)
    counted = cost(resolved, 4)
    assert counted.parameters == sum(p.numel() for p in network.parameters())
    assert counted.parameters == sum(each.parameters for each in counted.rows)
    for each in counted.rows:
        if each.parameters:
            assert each.parameters == sum(p.numel() for p in network.get_submodule(each.path).parameters())
    assert counted == cost(network, 4)


@pytest.mark.parametrize("name", NETWORKS)
def test_saved_activations_are_those_of_a_real_run(name):
    network = Network(made(*NETWORKS[name]))
    inputs, masks = batch_of(network, 16)
    kept = {tensor.untyped_storage().data_ptr() for tensor in [*network.parameters(), *network.buffers()]}
    saved: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in kept:
            saved[storage.data_ptr()] = storage  # held, so that no address is given twice
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        y = network(inputs, masks or None)
    real = sum(storage.nbytes() for storage in saved.values())
    assert y.requires_grad
    # of an LSTM only the size of oneDNN's workspace is an estimate
    assert cost(network, 16).saved == pytest.approx(real, rel=0.06 if name == "lstm" else 0)


def allocated(resolved: Resolved, batch: int, optimiser: str) -> int:
    """Bytes at the worst moment of the second training step: what stays, and the most that torch allocates besides."""
    network = Network(resolved)
    inputs, masks = batch_of(network, batch)
    stepper = OPTIMISERS.get(optimiser)(network.named_parameters())

    def step() -> None:
        y = network(inputs, masks or None)
        y.backward(torch.ones_like(y))
        stepper.step()
        stepper.zero_grad(set_to_none=True)

    step()
    state = [value for each in stepper.state.values() for value in each.values() if isinstance(value, torch.Tensor)]
    stay = [*network.parameters(), *network.buffers(), *inputs.values(), *masks.values(), *state]
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        step()
    now = most = 0
    for event in profiler.profiler.kineto_results.events():
        if event.name() == "[memory]":
            now += event.nbytes()
            most = max(most, now)
    return most + sum(t.numel() * t.element_size() for t in stay)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_peak_is_what_a_training_step_allocates(name):
    # convolutions and the LSTM run in oneDNN, whose copies are known for AVX-512 best
    resolved = made(*NETWORKS[name])
    real = allocated(resolved, 128, "adamw")
    assert cost(resolved, 128).peak == pytest.approx(real, rel=0.1 if BLOCKS_OF_16 else 0.3)


@pytest.mark.parametrize("optimiser", ["gd", "momentum", "adam", "adamw", "muon"])
def test_the_peak_holds_the_optimisers_state(optimiser):
    """Weights alone matter here: with their gradients they are there twice, with moments three or four times."""
    resolved = made([{"dense": {"dim": 300}}, "relu", {"dense": {"dim": 200}}], "vector:400")
    # of the products in Muon's step, oneDNN's copy of a matrix is not counted
    real = pytest.approx(allocated(resolved, 2, optimiser), rel=0.12 if optimiser == "muon" else 0.03)
    assert cost(resolved, 2, optimiser=optimiser).peak == real


def test_a_check_tells_the_memory_of_its_optimiser():
    architecture = from_dict({"chain": [{"dense": {"dim": 300}}, {"dense": {"dim": 200}}]})
    plain, adam = (check(architecture, {"x": "vector:400"}, batch=2, optimiser=name) for name in ("gd", "adam"))
    weights = 4 * plain.parameters
    assert adam.peak - plain.peak == pytest.approx(2 * weights, rel=0.001)
    few = 8 * weights  # bytes, which twice the weights more use up earlier
    assert adam.largest_below(few) < plain.largest_below(few)


@pytest.mark.parametrize(
    ("optimiser", "values"), [("gd", 0), ("sgd", 0), ("momentum", 1), ("rmsprop", 1), ("adagrad", 1), ("adam", 2)]
)
def test_the_state_of_the_optimiser_is_counted(optimiser, values):
    counted = cost(made(CNN, "image:3x14x10"), 4, optimiser=optimiser)
    steps = 4 * 8  # torch keeps a step count for each parameter, on meta too
    assert values * counted.gradients <= counted.state <= values * counted.gradients + steps
    assert counted.gradients == 4 * counted.trainable


def test_frozen_and_tied_weights():
    network = Network(made([{"dense": {"dim": 6}}, "tanh", {"dense": {"dim": 6}}, {"dense": {"dim": 2}}], "vector:6"))
    network.get_submodule("2").linear.weight = network.get_submodule("0").linear.weight
    network.get_submodule("3").requires_grad_(False)
    counted = cost(network, 4)
    assert [each.parameters for each in counted.rows] == [42, 0, 6, 14]
    assert counted.parameters == 62
    assert counted.trainable == 48
    assert counted.gradients == 4 * 48
    assert not any(p.is_meta for p in network.parameters())  # counted on a copy
    assert all(not module._forward_hooks for module in network.modules())


def test_a_network_without_parameters_costs_no_training():
    counted = cost(made(["relu", "flatten"], "image:3x4x5"), 4)
    assert (counted.parameters, counted.flops, counted.training_flops, counted.state) == (0, 0, 0, 0)
    assert counted.peak > 0


def test_all_parameters_frozen():
    network = Network(made([{"dense": {"dim": 6}}], "vector:3")).requires_grad_(False)
    counted = cost(network, 4)
    assert (counted.parameters, counted.trainable, counted.saved, counted.state) == (24, 0, 0, 0)
    assert counted.training_flops == counted.flops


def test_a_batch_of_one_and_none():
    resolved = made([{"dense": {"dim": 6}}, "batch_norm"], "vector:3")
    assert cost(resolved, 1).flops == cost(resolved, 64).flops == 36
    with pytest.raises(SettingError, match="at least one example"):
        cost(resolved, 0)
    with pytest.raises(UnknownName, match="'adamx'"):
        cost(resolved, 4, optimiser="adamx")


def test_several_inputs_and_a_nested_graph():
    graph = {
        "graph": {
            "inputs": ["image", "row"],
            "nodes": {
                "eye": {"from": "image", "chain": ["flatten", {"dense": {"dim": 4}}]},
                "both": {"from": ["eye", "row"], "merge": "concat"},
                "out": {"from": "both", "dense": {"dim": 2}},
            },
            "outputs": ["out"],
        }
    }
    signals = {"image": parse("image:1x3x3"), "row": parse("vector:5")}
    counted = cost(resolve(from_dict(graph).parts["network"], signals), 8)
    assert [each.path for each in counted.rows if each.parameters] == ["eye.1", "out"]
    assert counted.flops == 2 * 9 * 4 + 2 * 9 * 2
    assert row(counted, "out").reads["x"] == parse("vector:9")


def test_the_largest_batch_is_the_last_that_fits():
    resolved = made(CNN, "image:3x14x10")
    for memory in (2_000_000, 50_000_000):
        batch = largest_batch(resolved, memory)
        assert cost(resolved, batch).peak <= usable(memory) < cost(resolved, int(batch * 1.03) + 1).peak
    assert largest_batch(resolved, 1000) == 0


def test_the_largest_batch_where_memory_bends():
    assert largest(lambda batch: 1000 + 10 * batch, 5000) == 400
    assert largest(lambda batch: max(4000, 200 * batch), 3000) == 0
    assert largest(lambda batch: max(4000, 200 * batch), 4000) in range(1, 21)


def test_the_cost_as_json():
    data = cost(made(CNN, "image:3x14x10"), 4).data()
    assert data["rows"][0]["reads"] == {"x": "image (channels 3×height 14×width 10)"}
    assert data["rows"][0]["gives"] == "image (channels 8×height 14×width 10)"
    assert {"parameters", "flops", "training_flops", "peak", "saved", "batch"} <= data.keys()


def test_a_block_is_run_once_and_on_meta():
    """So that a check takes well under a second; how long: benchmarks/build_speed.py."""

    def counted(pairs):
        nodes = [node for _ in range(pairs) for node in ({"conv2d": {"channels": 8}}, "relu")]
        resolved = made(nodes, "image:3x32x32")
        return kernels(lambda: cost(resolved))

    few, many = counted(10), counted(20)
    assert many.values <= 2 * 2 * 20  # the optimiser counts the steps of each parameter
    assert many.count - few.count < 10 * 50
    assert many.count < 2.1 * few.count


LARGE = """
import resource
from weftnet.compose import resolve
from weftnet.cost.cost import cost
from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse

def made(dim, layers, heads):
    body = {"transformer_encoder_layer": {"heads": heads, "dropout": 0.0, "causal": True}}
    nodes = [{"embedding": {"dim": dim}}, {"repeat": {"times": layers, "body": body}}, {"dense": {"dim": 32000}}]
    return resolve(from_dict(nodes).parts["network"], {"x": parse("tokens:2048,vocabulary=32000")})

cost(made(64, 2, 2))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
counted = cost(made(8192, 9, 64))
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(counted.parameters, grown)
"""


@pytest.mark.slow
def test_seven_billion_parameters_are_never_allocated():
    run = subprocess.run([sys.executable, "-c", LARGE], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert run.returncode == 0, run.stderr
    parameters, kilobytes = map(int, run.stdout.split())
    assert parameters > 6.9e9
    assert kilobytes < 200_000


def test_a_network_that_stands_on_its_own_module_is_left_as_it_was():
    network = Network(made(CNN, "image:3x14x10")).eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    cost(network, 4)
    assert not network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(isinstance(p, nn.Parameter) and p.grad is None for p in network.parameters())
