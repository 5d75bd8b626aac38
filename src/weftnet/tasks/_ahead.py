"""Whether a network's outputs depend on tokens that come later: a trial, not a reading of its blocks.

y  = network(x_1 … x_n),   y' = network(x_1 … x_c, others)
it looks ahead if y_t ≠ y'_t for a t ≤ c
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from weftnet.architecture.faults import Fault
from weftnet.errors import ArchitectureError
from weftnet.tasks._task import on_trial

#: how far outputs may move by rounding, for outputs of size 1
_ROUNDING = 1e-5


def refuse_looking_ahead(
    network: nn.Module, run: Callable[[Tensor], Tensor], tokens: Tensor, others: Tensor, cuts: Iterable[int], what: str
) -> None:
    """Refuse a network whose output at a position depends on later tokens.

    The parameters are shaken a little for the test, since a head that starts at zero would hide everything. All is
    restored afterwards.

    Args:
        network: in any mode.
        run: tokens (batch, time) → the network's outputs (batch, time, …).
        tokens: to begin with.
        others: of the same shape, everywhere different ones.
        cuts: positions from which on they are changed.
        what: it is said.

    Raises:
        ArchitectureError: it looks ahead.
    """
    generator = torch.Generator().manual_seed(0)
    with on_trial(network):
        network.eval()
        for parameter in network.parameters():
            parameter += (torch.randn(parameter.shape, generator=generator) * 0.02).to(parameter)
        before = run(tokens)
        for cut in sorted(set(cuts)):
            moved = float((run(torch.cat([tokens[:, :cut], others[:, cut:]], 1)) - before)[:, :cut].abs().max())
            if moved > _ROUNDING * max(1.0, float(before.abs().max())):
                reads = f"for the outputs before position {cut}, only tokens before it"
                received = f"outputs that move by {moved:.2g}"
                raise ArchitectureError([Fault(("network",), "network", what, reads=reads, received=received)])
