"""Plain eager PyTorch, as its tutorials write the loop."""

from _job import Clock, job, report  # isort: skip  (starts the clock)

import torch
from _torch import before_and_after, parts, tensors, with_loss
from torch import Tensor, nn
from torch.utils.data import DataLoader


def main() -> None:
    clock, this = Clock(), job()
    with clock.aside():
        model, task = parts(this)
        examples, held = tensors(this)
    loader = DataLoader(examples, batch_size=this.batch, shuffle=False)
    if this.task[0] == "gan":
        adversarial(this, model, loader, clock)
    else:
        module = with_loss(this, model)
        optimiser = torch.optim.Adam(module.parameters(), lr=this.lr, betas=this.betas)
        module.train()
        clock.begin()
        for x, y in loader:
            loss = module(x, y)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            clock.tick()
        clock.end()
    report(this, clock, *before_and_after(this, model, task, held))


def adversarial(this, model: nn.ModuleDict, loader: DataLoader, clock: Clock) -> None:
    """A step of the critic with the gradient penalty, and one of the generator; with weftnet's random draws."""
    generator, critic = model["generator"].train(), model["critic"].train()
    of_generator = torch.optim.Adam(generator.parameters(), lr=this.lr, betas=this.betas)
    of_critic = torch.optim.Adam(critic.parameters(), lr=this.lr, betas=this.betas)
    draws = torch.Generator()
    clock.begin()
    for (real, _), seed in zip(loader, this.seeds, strict=True):
        draws.manual_seed(seed)
        with torch.no_grad():
            fake = generator(torch.randn(len(real), 64, generator=draws))
        loss = critic(fake).mean() - critic(real).mean() + 10 * penalty(critic, real, fake, draws)
        of_critic.zero_grad()
        loss.backward()
        of_critic.step()

        loss = -critic(generator(torch.randn(len(real), 64, generator=draws))).mean()
        of_generator.zero_grad()
        loss.backward()
        of_generator.step()
        clock.tick()
    clock.end()


def penalty(critic: nn.Module, real: Tensor, fake: Tensor, draws: torch.Generator) -> Tensor:
    share = torch.rand(len(real), 1, 1, 1, generator=draws)
    between = (share * real + (1 - share) * fake).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return (gradient.flatten(1).norm(dim=1) - 1).square().mean()


if __name__ == "__main__":
    main()
