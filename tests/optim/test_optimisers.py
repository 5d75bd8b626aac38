"""Every optimiser against its formula, written out as a loop over float64 numbers."""

import copy
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from weftnet.optim import OPTIMISERS

STEPS = 7
LR = 0.03


def heavy_ball(look_ahead: bool, mu: float, decay: float) -> Callable[..., None]:
    def rule(p: Tensor, g: Tensor, s: dict, t: int) -> None:
        g = g + decay * p
        s["v"] = mu * s.get("v", torch.zeros_like(g)) + g
        p -= LR * ((g + mu * s["v"]) if look_ahead else s["v"])

    return rule


def adagrad(p: Tensor, g: Tensor, s: dict, t: int) -> None:
    s["s"] = s.get("s", 0) + g * g
    p -= LR * g / (s["s"].sqrt() + 1e-10)


def rmsprop(p: Tensor, g: Tensor, s: dict, t: int) -> None:
    s["s"] = 0.95 * s.get("s", torch.zeros_like(g)) + 0.05 * g * g
    s["v"] = 0.3 * s.get("v", torch.zeros_like(g)) + g / (s["s"].sqrt() + 1e-8)
    p -= LR * s["v"]


def adam(p: Tensor, g: Tensor, s: dict, t: int, decay: float = 0.0) -> None:
    if p.ndim >= 2:
        p -= LR * decay * p
    s["m"] = 0.8 * s.get("m", torch.zeros_like(g)) + 0.2 * g
    s["s"] = 0.9 * s.get("s", torch.zeros_like(g)) + 0.1 * g * g
    p -= LR * (s["m"] / (1 - 0.8**t)) / ((s["s"] / (1 - 0.9**t)).sqrt() + 1e-8)


RULES: dict[str, tuple[dict[str, object], Callable[..., None]]] = {
    "gd": ({}, lambda p, g, s, t: p.sub_(LR * g)),
    "sgd": ({"weight_decay": 0.1}, lambda p, g, s, t: p.sub_(LR * (g + 0.1 * p))),
    "momentum": ({"momentum": 0.7, "weight_decay": 0.1}, heavy_ball(False, 0.7, 0.1)),
    "nesterov": ({"momentum": 0.7, "weight_decay": 0.1}, heavy_ball(True, 0.7, 0.1)),
    "adagrad": ({}, adagrad),
    "rmsprop": ({"decay": 0.95, "momentum": 0.3}, rmsprop),
    "adam": ({"betas": (0.8, 0.9)}, adam),
    "adamw": (
        {"betas": (0.8, 0.9), "weight_decay": 0.5},
        lambda p, g, s, t: adam(p, g, s, t, decay=0.5),
    ),
}


def network(memory_format: torch.memory_format = torch.contiguous_format) -> nn.Sequential:
    torch.manual_seed(3)
    layers = (
        nn.Conv2d(2, 5, 3, bias=False),
        nn.BatchNorm2d(5),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(20, 4),
        nn.Linear(4, 3),
    )
    return nn.Sequential(*layers).double().to(memory_format=memory_format)


def loss_of(model: nn.Module, step: int) -> Tensor:
    generator = torch.Generator().manual_seed(step)
    x = torch.randn(6, 2, 4, 4, generator=generator, dtype=torch.float64)
    return model(x).square().sum() + model(x).sum()


def test_every_optimiser_is_tested() -> None:
    assert set(OPTIMISERS.names()) == {*RULES, "muon"}


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("name", RULES)
def test_update_equals_the_formula(name: str, layout: torch.memory_format) -> None:
    settings, rule = RULES[name]
    model, oracle = network(layout), network()
    optimiser = OPTIMISERS.get(name)(model.named_parameters(), lr=LR, **settings)
    states: dict[str, dict] = {key: {} for key, _ in oracle.named_parameters()}
    for step in range(1, STEPS + 1):
        optimiser.zero_grad()
        loss_of(model, step).backward()
        optimiser.step()
        gradients = torch.autograd.grad(loss_of(oracle, step), list(oracle.parameters()))
        with torch.no_grad():
            for (key, parameter), gradient in zip(oracle.named_parameters(), gradients, strict=True):
                rule(parameter, gradient, states[key], step)
    for (key, got), want in zip(model.named_parameters(), oracle.parameters(), strict=True):
        torch.testing.assert_close(got, want, rtol=1e-9, atol=1e-12, msg=lambda text, key=key: f"{key}: {text}")


def newton_schulz(X: Tensor) -> Tensor:
    """Through the singular values: the polynomial acts on each."""
    U, S, Vh = torch.linalg.svd(X, full_matrices=False)
    S = S / S.norm()
    for _ in range(5):
        S = 3.4445 * S - 4.7750 * S**3 + 2.0315 * S**5
    return U @ torch.diag(S) @ Vh


def test_muon_equals_the_formula() -> None:
    model, oracle = network(), network()
    optimiser = OPTIMISERS.get("muon")(model.named_parameters(), lr=LR, lr_others=0.01, weight_decay=0.2)
    others = [p for key, p in oracle.named_parameters() if key not in ("0.weight", "4.weight")]
    rest = torch.optim.AdamW(
        [
            {"params": [p for p in others if p.ndim > 1], "weight_decay": 0.2},
            {"params": [p for p in others if p.ndim == 1], "weight_decay": 0.0},
        ],
        lr=0.01,
    )
    means = {key: torch.zeros_like(oracle.get_parameter(key)) for key in ("0.weight", "4.weight")}
    for step in range(STEPS):
        for which, parts in ((model, optimiser), (oracle, rest)):
            which.zero_grad()
            loss_of(which, step).backward()
            parts.step()
        with torch.no_grad():
            for key, mean in means.items():
                parameter = oracle.get_parameter(key)
                mean.copy_(0.95 * mean + 0.05 * parameter.grad)
                O = newton_schulz((0.05 * parameter.grad + 0.95 * mean).reshape(len(mean), -1))  # noqa: E741
                long = math.sqrt(max(1, O.shape[0] / O.shape[1]))
                parameter.copy_(parameter * (1 - LR * 0.2) - LR * long * O.reshape(parameter.shape))
    for got, want in zip(model.parameters(), oracle.parameters(), strict=True):
        torch.testing.assert_close(got, want, rtol=1e-7, atol=1e-9)


def test_muon_is_torchs_on_matrices() -> None:
    """torch works in bfloat16, hence the tolerance; gradients of full rank, as rounding has no direction."""
    ours, theirs = (nn.Sequential(nn.Linear(9, 14, bias=False), nn.Linear(14, 12, bias=False)) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    a = OPTIMISERS.get("muon")(ours.named_parameters(), lr=0.02, weight_decay=0.1)
    b = torch.optim.Muon([theirs[0].weight], lr=0.02, weight_decay=0.1)
    x = torch.randn(40, 9)
    before = theirs[0].weight.detach().clone()
    for model, optimiser in ((ours, a), (theirs, b)):
        model(x).square().sum().backward()
        optimiser.step()
    torch.testing.assert_close(ours[0].weight - before, theirs[0].weight - before, rtol=0, atol=2e-3)


def test_muon_without_a_choice_leaves_the_last_matrix() -> None:
    first, last = nn.Parameter(torch.randn(7, 4)), nn.Parameter(torch.randn(4, 3))
    optimiser = OPTIMISERS.get("muon")([("embedding", first), ("x", last)])
    by_muon = [p for group in optimiser.param_groups if "rounds" in group for p in group["params"]]
    assert [id(p) for p in by_muon] == [id(first)]


def test_muon_uses_a_changed_rate_after_loading() -> None:
    model = network()
    optimiser = OPTIMISERS.get("muon")(model.named_parameters())
    loss_of(model, 0).backward()
    optimiser.step()
    optimiser.load_state_dict(copy.deepcopy(optimiser.state_dict()))
    before = [p.detach().clone() for p in model.parameters()]
    for group in optimiser.param_groups:
        group["lr"] = 0.0
    optimiser.step()
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))


@pytest.mark.parametrize("name", ["adamw", "muon"])
def test_biases_and_norms_do_not_decay(name: str) -> None:
    groups = OPTIMISERS.get(name)(network().named_parameters(), weight_decay=0.3).param_groups
    decay = {p.ndim: group["weight_decay"] for group in groups for p in group["params"]}
    assert decay == {4: 0.3, 2: 0.3, 1: 0.0}


@pytest.mark.parametrize("name", OPTIMISERS.names())
def test_quadratic_converges(name: str) -> None:
    torch.manual_seed(1)
    A = torch.randn(5, 5, dtype=torch.float64)
    A = A @ A.T / 5 + torch.eye(5, dtype=torch.float64)
    W = nn.Parameter(torch.randn(5, 4, dtype=torch.float64))
    V = nn.Parameter(torch.randn(5, 4, dtype=torch.float64))
    settings = {"adagrad": {"lr": 0.5}, "muon": {"lr": 0.05, "lr_others": 0.05}}.get(name, {"lr": 0.05})
    optimiser = OPTIMISERS.get(name)([("w", W), ("v", V)], **settings)
    first = last = None
    for step in range(300):
        for group in optimiser.param_groups:
            group["lr"] *= 1 - step / 300 * 0.02
        optimiser.zero_grad()
        loss = ((W.T @ A @ W).trace() + (V.T @ A @ V).trace()) / 2
        loss.backward()
        optimiser.step()
        first, last = first or loss.item(), loss.item()
    assert last < 1e-2 * first


@pytest.mark.parametrize(("name", "theirs"), [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)])
def test_defaults_are_torchs(name: str, theirs: type[torch.optim.Optimizer]) -> None:
    layer = nn.Linear(2, 2)
    ours = OPTIMISERS.get(name)(list(layer.named_parameters())).param_groups[0]
    wanted = theirs(layer.parameters()).defaults
    assert all(ours[field] == wanted[field] for field in ("lr", "betas", "eps", "weight_decay"))
