"""The networks for tables against loops written out here, of the same weights."""

import math

import torch
import torch.nn.functional as F
from oracles import normal, same
from torch import Tensor
from weights import network, shaken

from weftnet.zoo import ZOO

COLUMNS = [1, 3, 1]
PLACES = [[0], [1, 2, 3], [4]]


def named(model: torch.nn.Module) -> dict[str, Tensor]:
    """Weights and statistics by name."""
    return dict(model.named_parameters()) | dict(model.named_buffers())


def scaled(x: Tensor) -> Tensor:
    """Robust scaling that has learnt nothing only clips."""
    return x / (1 + x.square() / 9).sqrt()


def test_real_mlp_is_the_paper_s() -> None:
    ours = shaken(network(ZOO.get("real_mlp")(widths=[6, 7], frequencies=4, classes=2), "vector:3"))
    w, x = named(ours), normal(5, 3)
    values = []
    for i in range(3):
        value = scaled(x)[:, i : i + 1]
        waves = torch.cos(2 * math.pi * value * w["1.frequency"][i] + w["1.phase"][i])
        values += [value, waves @ w["1.weight"][i] + w["1.bias"][i]]
    h = torch.cat(values, 1) * (1 + 6 * w["3.change"])
    for at in (4, 7):
        h = h @ w[f"{at}.linear.weight"].T + w[f"{at}.linear.bias"]
        h = (1 - w[f"{at + 1}.share"]) * h + w[f"{at + 1}.share"] * h * torch.tanh(torch.log1p(h.exp()))
    same(ours(x), h @ w["10.linear.weight"].T + w["10.linear.bias"])


def test_tabm_is_its_members_one_by_one() -> None:
    ours = shaken(network(ZOO.get("tabm")(widths=[6, 7], members=3, bins=4, dim=2, columns=COLUMNS), "vector:5"))
    w, x = named(ours), normal(4, 5)
    columns = []
    for c, places in enumerate(PLACES):
        token = w["1.bias"][c].expand(4, 2)
        for i in places:
            value = scaled(x)[:, i : i + 1]
            shares = torch.cat([(value - low).clamp(0, 1) for low in (-2, -1, 0, 1)], 1)  # bins of width 1
            token = token + value * w["1.weight"][i] + shares @ w["1.bend"][i]
        columns.append(token)
    members = []
    for m in range(3):
        h = torch.cat(columns, 1)
        for at in (4, 7):
            own = w[f"{at}.weight"] * w[f"{at}.scale_out"][m].outer(w[f"{at}.scale_in"][m])
            h = (h @ own.T + w[f"{at}.bias"][m]).clamp(min=0)
        members.append(h)
    same(ours(x), torch.stack(members, 1))


def test_ft_transformer_is_the_paper_s_over_torch_s_layers() -> None:
    ours = shaken(network(ZOO.get("ft_transformer")(dim=8, depth=2, heads=2, columns=COLUMNS, classes=2), "vector:5"))
    w, x = named(ours), normal(4, 5)
    tokens = [sum(scaled(x)[:, i : i + 1] * w["1.weight"][i] for i in places) for places in PLACES]
    h = torch.stack([w["2.token"].expand(4, 8), *(token + w["1.bias"][c] for c, token in enumerate(tokens))], 1)
    for at in range(2):
        layer = ours.get_submodule(f"3.{at}")
        theirs = torch.nn.TransformerEncoderLayer(8, 2, 16, 0.0, "gelu", batch_first=True, norm_first=True).double()
        with torch.no_grad():
            for mine, weight in zip(_in_torch_s_order(layer), theirs.parameters(), strict=True):
                weight.copy_(mine)
        h = theirs.train()(h)
    h = F.layer_norm(h[:, 0], (8,), w["4.norm.weight"], w["4.norm.bias"]).clamp(min=0)
    same(ours(x), h @ w["7.linear.weight"].T + w["7.linear.bias"])


def _in_torch_s_order(layer: torch.nn.Module) -> list[Tensor]:
    """Attention, then the feed-forward layers, then the norms."""
    parameters = dict(layer.named_parameters())
    norms = [name for name in parameters if "norm" in name]
    return [parameters[name] for name in [*(name for name in parameters if name not in norms), *norms]]
