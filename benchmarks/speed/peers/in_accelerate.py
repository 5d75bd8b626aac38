"""Hugging Face Accelerate: the plain loop with Accelerate's five changed lines."""

from _job import Clock, job, report  # isort: skip  (starts the clock)

import torch
from _torch import before_and_after, parts, tensors, with_loss
from accelerate import Accelerator
from torch.utils.data import DataLoader


def main() -> None:
    clock, this = Clock(), job()
    with clock.aside():
        model, task = parts(this)
        examples, held = tensors(this)
    accelerator = Accelerator(cpu=True)
    module = with_loss(this, model)
    optimiser = torch.optim.Adam(module.parameters(), lr=this.lr, betas=this.betas)
    loader = DataLoader(examples, batch_size=this.batch, shuffle=False)
    module, optimiser, loader = accelerator.prepare(module, optimiser, loader)
    module.train()
    clock.begin()
    for x, y in loader:
        loss = module(x, y)
        optimiser.zero_grad()
        accelerator.backward(loss)
        optimiser.step()
        clock.tick()
    clock.end()
    report(this, clock, *before_and_after(this, model, task, held))


if __name__ == "__main__":
    main()
