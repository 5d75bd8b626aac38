"""Integrated gradients: the gradient along the straight line from the baseline to the example, times the difference.

    a[i] = (x[i] − x'[i]) · ∫₀¹ ∂f(x' + α(x − x')) / ∂x[i] dα
         ≈ (x[i] − x'[i]) · Σₛ w[s] · ∂f(x' + α[s](x − x')) / ∂x[i]

α[s] and w[s] are the nodes and weights of Gauss–Legendre quadrature. All inputs move along the line together.
Completeness holds: Σᵢ a[i] = f(x) − f(x'), up to the quadrature's error: `completeness` is its size, `missing_share`
that size as a share of the difference. Behind a logarithm, as in a spectrogram, it takes some thousand steps.
Tokens move from the vector of zeros to their embedding; a token's attribution is the sum over the vector.

Source: M. Sundararajan, A. Taly, Q. Yan, Axiomatic attribution for deep networks, 2017,
https://arxiv.org/abs/1703.01365; the zero vector for text is theirs too (section 6.3). Computed by Captum.
Cost: as many forward and backward passes as steps; `budget` examples at once, however many steps.
"""

import torch

from weftnet.base.extras import need
from weftnet.errors import SettingError
from weftnet.explain.differentiable import DifferentiableScore
from weftnet.explain.request import Attribution, AttributionRequest


def integrated_gradients(request: AttributionRequest, steps: int = 64) -> Attribution:
    """Attributions that add up to the difference from the baseline.

    Args:
        request: what to explain.
        steps: of the quadrature.

    Raises:
        SettingError: steps is less than 1, or the network has no gradients.
    """
    if steps < 1:
        raise SettingError("integrated gradients needs steps", where="steps", expected="1 or more", got=str(steps))
    differentiable = DifferentiableScore(request)
    captum = need("captum.attr", extra="explain", what="explaining")
    values, baselines, constants = differentiable.values, differentiable.baselines, differentiable.constants
    with torch.enable_grad():
        by_value = captum.IntegratedGradients(differentiable.score).attribute(
            values,
            baselines,
            additional_forward_args=constants,
            n_steps=steps,
            internal_batch_size=request.budget,
        )
    inputs: dict[str, torch.Tensor] = {}
    for name, attributions in zip(differentiable.names, by_value, strict=True):
        pieces = request.views[name].per_piece(attributions.detach())
        inputs[name] = inputs[name] + pieces if name in inputs else pieces
    with torch.no_grad():
        difference = differentiable.score(*values, *constants) - differentiable.score(*baselines, *constants)
    total = torch.stack([attributions.flatten(1).sum(1) for attributions in inputs.values()]).sum(0)
    error = (total - difference).abs()
    share = error / difference.abs().clamp_min(torch.finfo(error.dtype).tiny)
    embedded = {name: "the vector of zeros" for name in inputs if name not in differentiable.float_inputs}
    return Attribution(inputs, {"completeness": error, "missing_share": share}, embedded)
