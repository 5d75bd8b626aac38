"""docs/errata.md: how tokens are drawn."""

import numpy as np

from weftnet.tasks._choice import Choice


def test_repetition_penalty_that_divides_logits_below_zero() -> None:
    """A token that was there is never drawn more often for the penalty, whatever the sign of its logit."""
    z, read = np.array([[1.0, -2.0, -3.0]]), np.array([[1, 1]])
    count = 4000

    def share(penalty: float) -> float:
        choice = Choice({"temperature": 1.0, "repetition_penalty": penalty}, count)
        return float(np.mean([choice.tokens(z, place, read)[0] == 1 for place in range(count)]))

    def printed(penalty: float) -> float:
        p = np.exp(np.where(np.arange(3) == 1, z[0] / penalty, z[0]))
        return float(p[1] / p.sum())

    assert printed(2.0) > 2 * printed(1.0), "divided, it is likelier"
    assert share(2.0) < 0.5 * share(1.0)
