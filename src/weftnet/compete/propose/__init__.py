"""Which networks to try first on given data, and how to train each: `propose(signals, task) → [Candidate, …]`.

    image       mlp, cnn, vgg, resnet, vit, row_lstm, hybrid                 sized to the image
    tokens      text_bag, text_cnn, text_lstm, text_transformer
    vector      linear, mlp, tabular
    series      series_cnn, series_lstm, series_transformer                  long ones are shortened first
    wave        spectrogram_cnn, spectrogram_conv, spectrogram_lstm, series_cnn      frames of 25 ms at its own rate
    several     joined_light, joined: an encoder for each input, side by side, then a dense layer
    forecasting: linear, and series_cnn, series_lstm, series_transformer, mlp, each of which adds to the window
    language_model: char_transformer, char_lstm · variational_autoencoder: vae_… · gan: gan_…

The rules are few and plain. What they say is where to start; which one is best, only a competition tells.
Candidates give features: the task appends its head. None says how long to train.

    candidate.py     a network to try, and the helpers that make one
    image.py, text.py, table.py, series.py, several.py, forecasting.py, generative.py
"""

from collections.abc import Callable, Mapping

from weftnet.architecture.signal import Signal
from weftnet.compete.propose.candidate import Candidate
from weftnet.compete.propose.forecasting import forecasters
from weftnet.compete.propose.generative import adversarial_pairs, autoencoders
from weftnet.compete.propose.image import images
from weftnet.compete.propose.series import series_or_wave, waves
from weftnet.compete.propose.several import joined
from weftnet.compete.propose.table import tables
from weftnet.compete.propose.text import language_models, texts
from weftnet.errors import SettingError, UnknownName

__all__ = ["Candidate", "propose"]


def propose(signals: Mapping[str, Signal], task: str) -> list[Candidate]:
    """Networks that suit inputs of these kinds and this task.

    Args:
        signals: the data's inputs by name.
        task: a name of `TASKS`.

    Raises:
        UnknownName: there are no proposals for a task of that name.
        SettingError: there are none for inputs of these kinds.
    """
    if task not in _TASKS:
        raise UnknownName("task", task, _TASKS)
    candidates = _TASKS[task](signals)
    if not candidates:
        given = ", ".join(f"{name}: {signal}" for name, signal in signals.items()) or "no input"
        raise SettingError(
            f"nothing to propose for {task}", got=given, fix="name an architecture of your own with --arch"
        )
    if task == "classification":
        return candidates
    return [Candidate(each.name, each.architecture, each.recipe, each.why) for each in candidates]


def _discriminative(signals: Mapping[str, Signal]) -> list[Candidate]:
    if len(signals) > 1:
        return joined(signals, _KINDS)
    for signal in signals.values():
        if signal.kind in _KINDS:
            return _KINDS[signal.kind](signal)
    return []


_KINDS: dict[str, Callable[[Signal], list[Candidate]]] = {
    "image": images, "tokens": texts, "vector": tables, "series": series_or_wave, "wave": waves,
}  # fmt: skip
_TASKS: dict[str, Callable[[Mapping[str, Signal]], list[Candidate]]] = {
    "classification": _discriminative,
    "regression": _discriminative,
    "multilabel": _discriminative,
    "forecasting": forecasters,
    "language_model": language_models,
    "variational_autoencoder": autoencoders,
    "gan": adversarial_pairs,
}
