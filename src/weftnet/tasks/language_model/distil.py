"""From a teacher: soft targets for every token, of a column of texts.

    loss = T² · KL(softmax(teacher / T) ‖ softmax(student / T))          over the vocabulary; mean over real tokens

Both have to read the same tokens, as there is one answer a token. Windows of one running text start anywhere, so that
there is no row which a teacher could answer once.

Source: as of classification, G. Hinton and others, 2015, https://arxiv.org/abs/1503.02531.
"""

from typing import Any

from torch import Tensor

from weftnet.data.batch import Batch
from weftnet.errors import RunError
from weftnet.tasks._distillation import Distillation, divergence
from weftnet.tasks.language_model.task import LanguageModel, following


def language_model(task: LanguageModel, teacher: LanguageModel) -> Distillation:
    """Logits (batch, time, vocabulary).

    Raises:
        RunError: the teacher reads other tokens, or fewer of them.
    """
    if _tokens(task) != _tokens(teacher) or teacher.context < task.context:
        what, fix = (
            "the teacher reads other tokens",
            "start from its preprocessing: --start, with the same kind of text",
        )
        expected, got = (f"{each.vocabulary} tokens, {each.context} at once" for each in (task, teacher))
        raise RunError(what, expected=expected, got=got, fix=fix)
    return Distillation(lambda outputs: outputs, _loss, soft=True)


def _tokens(task: LanguageModel) -> tuple[int, dict[str, Any]]:
    """What the tokens are, however many are read at once."""
    kind = {name: value for name, value in (task.writer or {}).items() if name not in ("length", "context")}
    return task.vocabulary, kind


def _loss(outputs: Tensor, known: Tensor, batch: Batch, temperature: float) -> Tensor:
    _, real = following(batch)
    time = real.shape[1]
    nats = divergence(outputs[:, :time], known[:, :time], temperature, 2)
    return nats.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)
