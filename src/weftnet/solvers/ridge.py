"""Ridge regression: the last layer by penalised least squares, in closed form.

    min over W, b of  Σ ‖t − W u − b‖² + λ ‖W‖²          u: the layer's input, standardised
    W = (Uᵀ U + λ)⁻¹ Uᵀ (t − t̄),  b = t̄
    λ = the one of the grid with the least  GCV = (RSS / n) / (1 − Σ_j s_j² / (s_j² + λ) / n)²

s_j are the singular values of U, and RSS the sum of squares that is left. One eigendecomposition serves all penalties.
Source: A. E. Hoerl and R. W. Kennard, Ridge regression: biased estimation for nonorthogonal problems, 1970,
https://doi.org/10.1080/00401706.1970.10488634; generalised cross-validation: G. Golub, M. Heath, G. Wahba, 1979,
https://doi.org/10.1080/00401706.1979.10489751.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture
from weftnet.data.data import Data
from weftnet.errors import SettingError
from weftnet.solvers._flat import described, entered, flat, stepped
from weftnet.solvers._problem import problems
from weftnet.solvers._scaled import Scaled
from weftnet.solvers._started import behind
from weftnet.tasks._propose.candidate import Candidate
from weftnet.tasks._task import Task

#: of the mean square of the features, which is 1
_GRID = tuple(10.0**power for power in range(-6, 3))
#: features or rows, whichever are fewer, of which an eigendecomposition takes some seconds
_MOST = 4096


def ridge(model: nn.ModuleDict, task: Task, data: Data, seed: int, penalty: float | None = None) -> None:
    """Solve for the last layer.

    Args:
        model: whose last layer with weights is dense, a convolution, or one along time.
        task: whose link is `identity`.
        data: gives the training split.
        seed: decides nothing here.
        penalty: λ / n; None for the best of a grid by generalised cross-validation.

    Raises:
        SettingError: the task or the network is not for this solver, or there are too many features.
    """
    if task.link != "identity":
        got = f"{type(task).__name__}, link {task.link or 'none'}"
        raise SettingError("ridge solves for outputs that are means", where="solver", expected="identity", got=got)
    for posed in problems(model, task, data):
        u, t = Scaled(posed.inputs), posed.targets.double()
        mean = t.mean(0)
        posed.put(*u.back(least_squares(u.values, t - mean, penalty), mean))


def least_squares(u: Tensor, t: Tensor, penalty: float | None = None) -> Tensor:
    """W (outputs, features) of the formula above.

    Args:
        u: (rows, features) of mean 0.
        t: (rows, outputs) of mean 0.
        penalty: λ / rows; None for the best by generalised cross-validation.

    Raises:
        SettingError: there are too many features and rows.
    """
    rows, features = u.shape
    if min(rows, features) > _MOST:
        got = f"{features:,} features, {rows:,} rows"
        raise SettingError("too large for a closed form", where="ridge", expected=f"at most {_MOST:,}", got=got)
    squares, vectors = torch.linalg.eigh(u.T @ u if features <= rows else u @ u.T)
    squares = squares.clamp_min(0)
    # W = Σ_j v_j (u v_j)ᵀ t / (s_j² + λ), by the left vectors where there are fewer rows than features
    shares = vectors.T @ (u.T @ t if features <= rows else t)  # features: s_j u_jᵀ t; rows: u_jᵀ t
    energy = shares.square().sum(1) / (squares.clamp_min(1e-12 * squares.max()) if features <= rows else 1.0)
    chosen = penalty if penalty is not None else _best(squares, energy, float(t.square().sum()), rows)
    scaled = shares / (squares + chosen * rows)[:, None]
    weight: Tensor = (vectors @ scaled).T if features <= rows else (u.T @ (vectors @ scaled)).T
    return weight


def _best(squares: Tensor, energy: Tensor, total: float, rows: int) -> float:
    """The penalty of the grid with the least GCV; of equal ones the largest.

    Args:
        squares: s_j².
        energy: (u_jᵀ t)², summed over the outputs.
        total: Σ t².
        rows: n.
    """

    def score(penalty: float) -> float:
        kept = squares / (squares + penalty * rows)
        left = total - float((energy * kept * (2 - kept)).sum())
        free = 1 - (float(kept.sum()) + 1) / rows  # the mean is one more
        return left / free**2 if free > 0 else float("inf")

    return min(sorted(_GRID, reverse=True), key=score)


def networks(signals: Mapping[str, Signal], task: Task) -> list[Candidate]:
    """A linear map of the values, one of their bins and one of their statistics."""
    if task.link != "identity":
        return []
    offers = {
        "ridge": (flat(signals), "ridge regression: the best weighted sum of all values"),
        "ridge_bins": (stepped(signals), "ridge regression on every value and its quantile bins"),
        "ridge_statistics": (described(signals, task), "ridge regression on statistics of the inputs"),
    }
    return entered("ridge", offers)


def started(body: Architecture, signals: Mapping[str, Signal], task: Task) -> list[Candidate]:
    """The last layer of a network that is frozen otherwise."""
    if task.link != "identity":
        return []
    network = behind(body, [], signals, task)
    why = "ridge regression on the frozen features"
    return [] if network is None else [Candidate("ridge_probe", network, {"solver": "ridge"}, why)]
