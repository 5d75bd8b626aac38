"""What the peers on torch share: the network that weftnet builds, its loss, the held-out loss."""

from typing import Any

import torch
import torch._dynamo  # every optimiser imports it: here, so that it counts towards the start of every peer
from _job import Job, threads
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import TensorDataset

torch.set_num_threads(threads())


def parts(job: Job) -> tuple[nn.ModuleDict, Any]:
    """The networks by part with the job's weights, and weftnet's task."""
    from weftnet.architecture.reading import read_text
    from weftnet.architecture.signal import parse
    from weftnet.compose import build
    from weftnet.tasks import TASKS
    from weftnet.tasks._assemble import assemble

    task = TASKS.get(job.task[0])(**job.task[1])
    architecture, _ = read_text(job.architecture)
    complete = assemble(architecture, task, {"x": parse(job.signal)})
    model = build(complete.architecture, complete.inputs, seed=0)
    model.load_state_dict(weights(job))
    return model, task


def weights(job: Job) -> dict[str, Tensor]:
    """The initial weights of all peers."""
    return load_file(job.folder / "weights.safetensors")


def tensors(job: Job) -> tuple[TensorDataset, TensorDataset]:
    """Training examples in order, and those held out."""
    arrays = {name: torch.from_numpy(values) for name, values in job.arrays.items()}
    return TensorDataset(arrays["x"], arrays["y"]), TensorDataset(arrays["held_x"], arrays["held_y"])


class Classifier(nn.Module):
    """A network with its cross-entropy; for a language model, averaged over positions too."""

    def __init__(self, model: nn.ModuleDict) -> None:
        super().__init__()
        self.network = model["network"]

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Nats per example or character."""
        return F.cross_entropy(self.network(x).flatten(0, -2), y.flatten())


class Autoencoder(nn.Module):
    """A Gaussian variational autoencoder: negative ELBO with a deviation of one.

    On the CPU each call draws what weftnet's task draws in that step, so that the losses can be compared.
    """

    def __init__(self, model: nn.ModuleDict, latent: int, seeds: list[int]) -> None:
        super().__init__()
        self.encoder, self.decoder, self.latent = model["encoder"], model["decoder"], latent
        self.generator, self.seeds = torch.Generator(), iter(seeds)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Nats per example, without the constant of the normal density."""
        noise = self.noise(x)
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        drawn = self.decoder(mean + torch.exp(log_variance / 2) * noise)
        divergence = (mean.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2
        return (divergence + (x - drawn).square().flatten(1).sum(1) / 2).mean()

    @torch.compiler.disable  # it can't follow a generator, and interrupted here it still compiles all the rest as one
    def noise(self, x: Tensor) -> Tensor:
        """Standard normal values for each example, drawn on its device."""
        shape = (len(x), self.latent)
        if x.is_cuda:
            return torch.randn(shape, device=x.device)
        return torch.randn(shape, generator=self.generator.manual_seed(next(self.seeds)))


def with_loss(job: Job, model: nn.ModuleDict) -> nn.Module:
    """The network as a module that returns its loss."""
    if job.task[0] != "variational_autoencoder":
        return Classifier(model)
    from weftnet.tasks import TASKS

    return Autoencoder(model, TASKS.get(job.task[0])(**job.task[1]).latent, job.seeds)


def held_out(job: Job, model: nn.ModuleDict, task: Any, examples: TensorDataset) -> float:
    """Loss of the held-out examples: cross-entropy or negative ELBO; for a GAN the squared MMD."""
    from weftnet.data.batch import Batch
    from weftnet.tasks._scoring import Scoring

    x, y = examples.tensors
    model.eval()
    if job.task[0] in ("classification", "language_model"):
        with torch.no_grad():
            return float(Classifier(model)(x, y))
    batch = Batch({"x": x}, {}, {"y": y}, torch.arange(len(x)))
    value = task.evaluate(model, [batch])[task.score]
    return -value if Scoring(task).better == "max" else value


def before_and_after(job: Job, model: nn.ModuleDict, task: Any, examples: TensorDataset) -> tuple[float, float]:
    """Held-out loss of the initial weights and of the trained ones, which the model loses in the process.

    Both are computed after the training, so that they don't affect it or its clock.
    """
    after = held_out(job, model, task, examples)
    model.load_state_dict(weights(job))
    return held_out(job, model, task, examples), after
