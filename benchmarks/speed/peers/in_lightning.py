"""Lightning's Trainer, without checkpoints and loggers, otherwise with its defaults."""

from _job import Clock, job, report  # isort: skip  (starts the clock)

import logging
import warnings

import lightning
import torch
from _torch import before_and_after, parts, tensors, with_loss
from torch import nn
from torch.utils.data import DataLoader


class Module(lightning.LightningModule):
    """The network with its loss."""

    def __init__(self, this, module: nn.Module) -> None:
        super().__init__()
        self.this, self.module = this, module

    def training_step(self, batch, number):
        loss = self.module(*batch)
        self.log("loss", loss, prog_bar=True)
        return loss

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.this.lr, betas=self.this.betas)


class Ticks(lightning.Callback):
    """Records the time."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def on_train_batch_end(self, *_) -> None:
        self.clock.tick()


def main() -> None:
    clock, this = Clock(), job()
    with clock.aside():
        model, task = parts(this)
        examples, held = tensors(this)
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")  # advice on workers and logging
    loader = DataLoader(examples, batch_size=this.batch, shuffle=False)
    trainer = lightning.Trainer(
        max_epochs=1, accelerator="cpu", devices=1, logger=False, enable_checkpointing=False,
        enable_model_summary=False, callbacks=[Ticks(clock)],
    )  # fmt: skip
    clock.begin()
    trainer.fit(Module(this, with_loss(this, model)), loader)
    clock.end()
    report(this, clock, *before_and_after(this, model, task, held))


if __name__ == "__main__":
    main()
