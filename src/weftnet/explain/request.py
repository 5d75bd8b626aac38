"""What a method is asked to attribute, and what it returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.explain.inputs import View
from weftnet.tasks._targets import Targets


@dataclass(frozen=True)
class AttributionRequest:
    """Why does the network give these examples these scores?

    Args:
        network: in evaluation mode.
        signals: the inputs' layouts by name.
        views: what a piece of each input is.
        inputs: encoded values by input.
        masks: (batch, time) of the padded inputs, True where a step is real.
        targets: the output to explain for each example.
        budget: the most examples that may go through the network at once; the batch is no larger.
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
        """Number of examples."""
        return len(self.targets.index)

    def outputs(self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor], index: Tensor) -> Tensor:
        """The network's outputs for any examples; it may read beside them what is explained."""
        more, padding = ({}, {}) if self.targets.given is None else self.targets.given(index)
        outputs: Tensor = self.network({**inputs, **more}, {**masks, **padding})
        return outputs

    def score(self, inputs: dict[str, Tensor], masks: dict[str, Tensor], index: Tensor) -> Tensor:
        """(batch,) the scores of any examples."""
        return self.targets.scores(self.outputs(inputs, masks, index), index)


@dataclass(frozen=True)
class Attribution:
    """What a method returns.

    Args:
        inputs: attributions by input, one for each of its pieces; the first axis is the batch.
        checks: (batch,) measurements by name.
        compared_with: the baseline of an input in words, where it is not the one that the input's view states.
    """

    inputs: dict[str, Tensor]
    checks: dict[str, Tensor] = field(default_factory=dict)
    compared_with: dict[str, str] = field(default_factory=dict)
