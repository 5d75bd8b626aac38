"""Hugging Face's Trainer, without checkpoints and reports, with a constant rate and the data in order."""

from _job import Clock, job, report  # isort: skip  (starts the clock)

import tempfile

import torch
from _torch import before_and_after, parts, tensors, with_loss
from torch import Tensor, nn
from torch.utils.data import SequentialSampler
from transformers import Trainer, TrainerCallback, TrainingArguments


class Model(nn.Module):
    """The network in the form that Trainer expects: it returns its loss by name."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        return {"loss": self.module(x, labels)}


class InOrder(Trainer):
    """Doesn't shuffle."""

    def _get_train_sampler(self, *_):
        return SequentialSampler(self.train_dataset)


class Ticks(TrainerCallback):
    """Records the time."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def on_step_end(self, *_, **__) -> None:
        self.clock.tick()


def collate(rows: list[tuple[Tensor, Tensor]]) -> dict[str, Tensor]:
    return {"x": torch.stack([x for x, _ in rows]), "labels": torch.stack([y for _, y in rows])}


def main() -> None:
    clock, this = Clock(), job()
    with clock.aside():
        model, task = parts(this)
        examples, held = tensors(this)
    module = with_loss(this, model)
    optimiser = torch.optim.Adam(module.parameters(), lr=this.lr, betas=this.betas)
    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingArguments(
            folder, num_train_epochs=1, per_device_train_batch_size=this.batch, use_cpu=True, report_to="none",
            save_strategy="no", lr_scheduler_type="constant", max_grad_norm=0.0, dataloader_pin_memory=False,
        )  # fmt: skip
        trainer = InOrder(
            Model(module), settings, data_collator=collate, train_dataset=examples, optimizers=(optimiser, None),
            callbacks=[Ticks(clock)],
        )  # fmt: skip
        clock.begin()
        trainer.train()
        clock.end()
    report(this, clock, *before_and_after(this, model, task, held))


if __name__ == "__main__":
    main()
