"""Integrated gradients: the gradient on the straight way from nothing to the example, times how far each value goes.

    a[i] = (x[i] − x'[i]) · ∫₀¹ ∂f(x' + α(x − x')) / ∂x[i] dα
         ≈ (x[i] − x'[i]) · Σₛ w[s] · ∂f(x' + α[s](x − x')) / ∂x[i]

α[s] and w[s] are the nodes and weights of Gauss and Legendre. All inputs go the way together. Completeness holds:
Σᵢ a[i] = f(x) − f(x'). What is missing is the quadrature's error: `completeness` is its size, `missing_share` that
size as a share of the difference. Behind a logarithm, as in a spectrogram, it takes some thousand steps.
Tokens go from the vector of zeros to their embedding; a token's attribution is the sum over the vector.

Source: M. Sundararajan, A. Taly, Q. Yan, Axiomatic attribution for deep networks, 2017,
https://arxiv.org/abs/1703.01365; the zero vector for text is theirs too (section 6.3). Computed by Captum.
Cost: as many forward and backward passes as steps; `budget` examples at once, however many steps.
"""

import torch

from weftnet.base.extras import need
from weftnet.errors import SettingError
from weftnet.explain.question import Found, Question
from weftnet.explain.surface import Surface


def integrated_gradients(question: Question, steps: int = 64) -> Found:
    """Attributions that add up to the difference from nothing.

    Args:
        question: what is asked.
        steps: of the quadrature.

    Raises:
        SettingError: there are no steps, or no gradients.
    """
    if steps < 1:
        raise SettingError("integrated gradients needs steps", where="steps", expected="1 or more", got=str(steps))
    surface = Surface(question)
    captum = need("captum.attr", extra="explain", what="explaining")
    starts = surface.starts
    with torch.enable_grad():
        found = captum.IntegratedGradients(surface.score).attribute(
            surface.values,
            starts,
            additional_forward_args=surface.rest,
            n_steps=steps,
            internal_batch_size=question.budget,
        )
    inputs: dict[str, torch.Tensor] = {}
    for name, values in zip(surface.names, found, strict=True):
        folded = question.views[name].fold(values.detach())
        inputs[name] = inputs[name] + folded if name in inputs else folded
    with torch.no_grad():
        far, near = surface.score(*surface.values, *surface.rest), surface.score(*starts, *surface.rest)
    total = torch.stack([values.flatten(1).sum(1) for values in inputs.values()]).sum(0)
    vectors = {name: "the vector of zeros" for name in inputs if name not in surface.inputs}
    error, difference = (total - (far - near)).abs(), (far - near).abs()
    share = error / difference.clamp_min(torch.finfo(error.dtype).tiny)
    return Found(inputs, {"completeness": error, "missing_share": share}, vectors)
