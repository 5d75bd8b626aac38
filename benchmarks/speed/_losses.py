"""Whether peers reach the same held-out loss, judged by how far the loss has fallen.

    |a − b| ≤ near · (before − min(a, b))

A difference relative to the loss itself means nothing where the loss is close to zero. All peers start with the same
weights, and therefore with the same loss up to rounding.
"""

from typing import Any

Round = dict[str, dict[str, Any]]

#: Share of the fall by which losses may differ. Adam's first steps are as long for a gradient of rounding as for any
#: other: libraries start alike to five digits, and are 3 % apart where the loss falls fast. A GAN's loss falls by the
#: balance of two networks, in which rounding grows; peers draw the same numbers there.
NEAR, OF_NETWORK = 0.05, {"dcgan": 0.1}
#: Share of the loss before training that is rounding: what the peers may begin with, and a fall too small to judge by.
ROUNDING = 1e-4


def faults(name: str, peers: Round) -> list[str]:
    """Peers of a round that begin or end with another loss than the first."""
    (first, one), *rest = peers.items()
    near, before, wrong = OF_NETWORK.get(name, NEAR), one["loss_before"], []
    for peer, each in rest:
        if not abs(each["loss_before"] - before) <= ROUNDING * abs(before):
            wrong.append(f"{name}: {peer} begins with the loss {each['loss_before']:.5f}, {first} with {before:.5f}")
        allowed = max(near * fall([one, each]), ROUNDING * abs(before))
        if not abs(each["loss"] - one["loss"]) <= allowed:
            fell = f"of {before:.5f} before training"
            wrong.append(f"{name}: {peer} reaches the loss {each['loss']:.5f}, {first} {one['loss']:.5f} {fell}")
    return wrong


def fall(peers: list[dict[str, Any]]) -> float:
    """From the loss before training to the least that any of these peers reaches."""
    return float(peers[0]["loss_before"] - min(each["loss"] for each in peers))


def how_far_apart(rounds: list[Round]) -> list[str]:
    """How far apart the losses of a network are, at the most of all rounds; nothing of results that lack the start."""
    if not all("loss_before" in each for peers in rounds for each in peers.values()):
        return []
    apart, fell = max((spread(list(peers.values())) for peers in rounds), key=lambda one: one[0] / max(one[1], 1e-12))
    before = next(iter(rounds[0].values()))["loss_before"]
    if fell <= ROUNDING * abs(before):
        return [
            f"The held-out loss, {before:.4f} before training, has not fallen; between peers it differs by {apart:.1e}."
        ]
    share = f"{100 * apart / fell:.2g} % of its fall"
    return [f"The held-out loss is {before:.4f} before training; between peers it differs by at most {share}."]


def spread(peers: list[dict[str, Any]]) -> tuple[float, float]:
    """Largest difference of the losses of a round, and how far the loss fell."""
    losses = [each["loss"] for each in peers]
    return max(losses) - min(losses), fall(peers)
