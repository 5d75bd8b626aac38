"""What a method is asked, and what it answers."""

from dataclasses import dataclass, field

from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.explain.inputs import View
from weftnet.explain.targets import Targets


@dataclass(frozen=True)
class Question:
    """Why does the network give these examples these scores?

    Args:
        network: in evaluation mode.
        signals: the inputs' layouts by name.
        views: what a part of each input is.
        inputs: encoded values by input.
        masks: (batch, time) of the padded inputs, True where a step is real.
        targets: which outputs.
        budget: examples that may go through the network at once; the batch is no larger.
    """

    network: nn.Module
    signals: dict[str, Signal]
    views: dict[str, View]
    inputs: dict[str, Tensor]
    masks: dict[str, Tensor]
    targets: Targets
    budget: int

    @property
    def size(self) -> int:
        """Examples."""
        return len(self.targets.index)

    def score(self, inputs: dict[str, Tensor], masks: dict[str, Tensor], index: Tensor) -> Tensor:
        """(batch,) the scores of any examples."""
        return self.targets.scores(self.network(inputs, masks), index)


@dataclass(frozen=True)
class Found:
    """A method's answer.

    Args:
        inputs: attributions by input, one for every part that the input's view knows; the first axis is the batch.
        checks: (batch,) measurements by name.
        against: what an input was compared with where it is not what its view says.
    """

    inputs: dict[str, Tensor]
    checks: dict[str, Tensor] = field(default_factory=dict)
    against: dict[str, str] = field(default_factory=dict)
