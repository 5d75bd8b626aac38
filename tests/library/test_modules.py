"""A module of one's own: without annotations it is trained, loaded, copied, pickled, compiled and exported."""

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import weftnet as wn
from weftnet.errors import SettingError, WeftnetError
from weftnet.library.modules import block_of
from weftnet.plugins import unload

RANDOM = np.random.default_rng(2)
Y = np.arange(60) % 3
X = (RANDOM.normal(size=(60, 5)) + Y[:, None]).astype(np.float32)
QUICK: dict[str, Any] = {"steps": 15, "recipe": {"plan": "eager"}, "progress": False}


class OwnNet(nn.Module):
    """Without annotations, with constructor arguments of any kind."""

    def __init__(self, width: int, *others: Any, **named: Any) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(5, width), nn.Linear(width, 3)

    def forward(self, x):  # type: ignore[no-untyped-def]
        return self.b(torch.relu(self.a(x)))


@pytest.fixture(scope="module")
def fit(tmp_path_factory: pytest.TempPathFactory) -> Any:
    torch.manual_seed(0)
    module = OwnNet(7)
    made = wn.fit((X, Y), module, out=tmp_path_factory.mktemp("fit") / "own", **QUICK)
    yield made, module
    unload("OwnNet")


def inner(fit: wn.Fit) -> nn.Module:
    (only,) = fit.network.children()
    return only


def test_it_is_trained_from_its_weights_which_stay(fit: tuple[wn.Fit, OwnNet]) -> None:
    made, module = fit
    own = inner(made)
    assert isinstance(own, OwnNet)
    assert sum(each.numel() for each in made.network.parameters()) == sum(each.numel() for each in module.parameters())
    assert not torch.equal(own.a.weight, module.a.weight)
    torch.manual_seed(0)
    assert torch.equal(module.a.weight, OwnNet(7).a.weight)
    assert made.evaluate()["accuracy"] >= 0


def test_a_network_without_a_last_layer_for_the_classes_gets_one(tmp_path: Path) -> None:
    made = wn.fit((X, Y), nn.Sequential(nn.Linear(5, 4), nn.ReLU()), out=tmp_path / "a", **QUICK)
    assert [type(each).__name__ for each in made.network.children()] == ["Sequential", "Dense"]
    with pytest.raises(WeftnetError, match="softmax"):
        wn.fit((X, Y), nn.Sequential(nn.Linear(5, 3), nn.Softmax(-1)), out=tmp_path / "b", **QUICK)
    unload("Sequential")


def test_several_of_a_class_compete(tmp_path: Path) -> None:
    made = wn.fit((X, Y), (OwnNet(2), OwnNet(9)), out=tmp_path / "a", **QUICK)
    assert dict(made.leaderboard[["network", "parameters"]].values) == {"own_net": 21, "own_net_2": 84}


def test_an_image_network(tmp_path: Path) -> None:
    class Small(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.last = nn.Conv2d(1, 4, 3), nn.Linear(4, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.last(F.relu(self.conv(x)).mean((2, 3)))

    made = wn.fit("digits", Small(), out=tmp_path / "a", **QUICK)
    assert len(list(made.network.children())) == 1
    unload("Small")


def test_the_network_is_any_module(fit: tuple[wn.Fit, OwnNet]) -> None:
    network = fit[0].network
    x = torch.randn(4, 5)
    expected = network(x)
    for same in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        assert torch.equal(same(x), expected)
    program = torch.export.export(network, (x,))
    assert torch.allclose(program.module()(x), expected, atol=1e-6)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.torch.jit.script_method:DeprecationWarning")
def test_it_is_compiled(fit: tuple[wn.Fit, OwnNet]) -> None:
    x = torch.randn(4, 5)
    assert torch.allclose(torch.compile(fit[0].network)(x), fit[0].network(x), atol=1e-6)
    torch._dynamo.reset()


def test_a_loop_of_one_s_own(fit: tuple[wn.Fit, OwnNet]) -> None:
    made = fit[0]
    network = copy.deepcopy(made.network).train()
    x, target = made.loaded.encode({"x": X}).inputs, torch.tensor(Y)
    optimiser, losses = torch.optim.SGD(network.parameters(), 0.1), []
    for _ in range(20):
        loss = F.cross_entropy(network(x), target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_its_run_says_what_it_needs(fit: tuple[wn.Fit, OwnNet]) -> None:
    made, module = fit
    unload("OwnNet")
    with pytest.raises(WeftnetError, match="OwnNet"):
        _ = wn.load(made.folder).network
    again = wn.load(made.folder, (X, Y), {"own_net": module})
    assert dict(again.evaluate()) == dict(made.evaluate())


def test_lazy_layers_get_their_sizes_from_the_data(tmp_path: Path) -> None:
    """And weights by the seed; the module that was given stays as it is."""
    lazy = nn.Sequential(nn.Flatten(), nn.LazyLinear(8), nn.ReLU(), nn.LazyLinear(10))
    length = {"steps": 1, "recipe": {"lr": 1e-12, "plan": "eager"}, "progress": False}
    fits = [
        wn.fit("digits", lazy, seed=seed, out=tmp_path / f"{seed}{n}", **length) for n, seed in enumerate((3, 3, 4))
    ]
    first, again, other = (next(fit.network.parameters()).detach() for fit in fits)
    assert first.shape == (8, 64)
    torch.testing.assert_close(first, again)
    assert not torch.allclose(first, other)
    assert isinstance(lazy[1], nn.LazyLinear)


def test_modules_that_cannot_be_blocks() -> None:
    with pytest.raises(SettingError, match="lazy"):
        block_of(nn.Sequential(nn.LazyLinear(3)))
    with pytest.raises(SettingError, match="make one"):
        wn.fit((X, Y), OwnNet, **QUICK)
    with pytest.raises(SettingError, match="this process alone"):
        wn.fit((X, Y), OwnNet(3), jobs=2, **QUICK)


def test_a_name_of_weftnet_s_own_is_not_taken() -> None:
    class Dense(nn.Linear):
        pass

    assert block_of(Dense(5, 3)) == "own_dense"
    unload("Dense")
