"""A variational autoencoder and a Wasserstein GAN on handwritten digits (8×8) and Fashion-MNIST (28×28).

No goals, only what short trainings achieve: the ELBO on the test split in nats per example (Bernoulli likelihood on
grey values: compare it only with itself), and the squared MMD between test images and as many generated ones, in
pixels. The reference is the MMD of as many training images, which a perfect sampler would reach on average. Sheets of
samples are saved next to the report.
"""

import torch
from _report import Report, arguments, start, trained

from weftnet.answer import samples
from weftnet.data import open_data
from weftnet.metrics.mmd import mmd
from weftnet.tasks import TASKS
from weftnet.zoo import ZOO

SETS = {"digits": (1, 8, 8), "fashion_mnist": (1, 28, 28)}
COMPARED = 1024


def main() -> None:
    parser = arguments(__doc__, seconds=110, gan_seconds=330)
    args = start(parser)
    note = "Lengths are budgets in seconds, which weftnet turns into steps; MMD² × 1000, smaller is better."
    report = Report("generative", "VAE and GAN", args, note)
    for name, shape in SETS.items():
        data = open_data("digits" if name == "digits" else args.data / name)
        real = pixels(data, "test")
        limit = min(COMPARED, len(real), data.sizes["train"])
        report.add(f"{name}: training images", "MMD² × 1000", floor(data, real, limit), digits=2, drawn=limit)
        budget = float(args.seconds) / (1 if name != "digits" else 3)
        vae = TASKS.get("variational_autoencoder").from_data(data)
        recipe = {"budget": budget, "threads": args.threads, "lr": 2e-3, "batch_size": 64}
        loaded, facts = trained(ZOO.get("vae_conv")(shape), vae, data, **recipe)
        facts |= {"steps": loaded.run.steps}
        report.add(f"{name}: VAE, vae_conv", "ELBO, nats", loaded.metrics(data, "test")["elbo"], digits=2, **facts)
        drawn(report, args, loaded, real[:limit], f"{name}: VAE, vae_conv", f"{name}_vae.png")
        gan = TASKS.get("gan").from_data(data, critic_steps=3)
        budget *= args.gan_seconds / args.seconds
        recipe = {"budget": budget, "threads": args.threads, "batch_size": 64, "lr": 3e-4, "ema": 0.99}
        loaded, facts = trained(ZOO.get("gan_conv")(shape), gan, data, **recipe)
        facts |= {"steps": loaded.run.steps}
        drawn(report, args, loaded, real[:limit], f"{name}: GAN, gan_conv", f"{name}_gan.png", **facts)


def pixels(data, split) -> torch.Tensor:
    """The images of a split (count, pixels) in [0, 1]; a task's own scales undo the standardisation."""
    scales = TASKS.get("variational_autoencoder").from_data(data)
    images = torch.cat([next(iter(batch.inputs.values())) for batch in data.batches(split, 1024)])
    return (images * torch.tensor(scales.scale).view(-1, 1, 1) + torch.tensor(scales.mean).view(-1, 1, 1)).flatten(1)


def floor(data, real, limit) -> float:
    """MMD² between test images and as many training images, × 1000."""
    train = pixels(data, "train")
    chosen = torch.randperm(len(train), generator=torch.Generator().manual_seed(0))[:limit]
    return 1000 * float(mmd(real[:limit], train[chosen]))


def drawn(report, args, loaded, real, what, sheet, **facts) -> None:
    """MMD² of as many generated images, × 1000, and a sheet of 64 others."""
    images = loaded.task.samples(loaded.model, len(real), torch.Generator().manual_seed(1))
    report.add(what, "MMD² × 1000", 1000 * float(mmd(real, images.flatten(1) / 255)), digits=2, **facts)
    samples.images(loaded, args.out / sheet)


if __name__ == "__main__":
    main()
