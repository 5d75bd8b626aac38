"""Whether peers reach the same held-out loss, judged by how far the loss has fallen.

    |a − b| ≤ near · (before − min(a, b))

A difference relative to the loss itself means nothing where the loss is close to zero. All peers start with the same
weights, and therefore with the same loss up to rounding.
"""

from typing import Any

Round = dict[str, dict[str, Any]]

#: Share of the fall by which losses may differ. Adam's first steps are as long for a gradient of rounding errors as for
#: any other: libraries agree to five digits at the start, and differ by 3 % where the loss falls fast. A GAN's loss
#: depends on the balance of two networks, in which rounding errors grow; peers draw the same numbers there.
NEAR, OF_NETWORK = 0.05, {"dcgan": 0.1}
#: Share of the loss before training that is rounding: the allowed difference at the start, and a fall too small to
#: judge by.
ROUNDING = 1e-4


def faults(name: str, peers: Round) -> list[str]:
    """Peers of a round whose loss before or after training differs from the first peer's."""
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
    """The difference between the loss before training and the lowest that any of these peers reaches."""
    return float(peers[0]["loss_before"] - min(each["loss"] for each in peers))


def how_far_apart(rounds: list[Round]) -> list[str]:
    """A sentence on the largest difference of losses in any round; none if the initial losses are missing."""
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
