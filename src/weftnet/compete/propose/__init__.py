"""Which networks to try first on a data set, and how to train each: `propose(signals, task) → [Candidate, …]`.

A task names the family of its proposals:

    discriminative, by the kind of input
        image       mlp, cnn, vgg, resnet, vit, row_lstm, hybrid                 sized to the image
        tokens      text_bag, text_cnn, text_lstm, text_transformer
        vector      linear, mlp, tabular
        series      series_cnn, series_lstm, series_transformer                  long ones are shortened first
        wave        spectrogram_cnn, spectrogram_conv, spectrogram_lstm, series_cnn      frames of 25 ms
        several     joined_light, joined: an encoder for each input, side by side, then a dense layer
    forecasters         linear, and series_cnn, series_lstm, series_transformer, mlp, each of which adds to the window
    language_models     char_transformer, char_lstm
    autoencoders        vae_dense, vae_conv
    adversarial_pairs   gan_dense, gan_conv

The rules are few and simple. They are starting points; only a competition shows which one is best.
Candidates end in features: the task appends its head. None of them says how long to train.

    candidate.py     a network to try, and the helpers that make one
    image.py, text.py, table.py, series.py, several.py, forecasting.py, generative.py
"""

from collections.abc import Callable, Mapping
from dataclasses import fields

from weftnet.architecture.signal import Signal
from weftnet.compete.propose.candidate import Candidate
from weftnet.compete.propose.forecasting import forecasters
from weftnet.compete.propose.generative import adversarial_pairs, autoencoders
from weftnet.compete.propose.image import images
from weftnet.compete.propose.series import series_or_wave, waves
from weftnet.compete.propose.several import joined
from weftnet.compete.propose.table import tables
from weftnet.compete.propose.text import language_models, texts
from weftnet.errors import SettingError
from weftnet.tasks import TASKS

__all__ = ["Candidate", "propose"]


def propose(signals: Mapping[str, Signal], task: str) -> list[Candidate]:
    """Networks that suit inputs of these kinds and this task.

    Args:
        signals: the data's inputs by name.
        task: a name of `TASKS`.

    Raises:
        UnknownName: there is no task of that name.
        SettingError: there are no proposals for inputs of these kinds.
    """
    cls = TASKS.get(task)
    candidates = _FAMILIES[cls.proposals](signals)
    if not candidates:
        inputs = ", ".join(f"{name}: {signal}" for name, signal in signals.items()) or "no input"
        fix = "name an architecture of your own with --arch"
        raise SettingError(f"nothing to propose for {task}", got=inputs, fix=fix)
    known = {field.name for field in fields(cls)}
    return [each.with_settings(known) for each in candidates]


def discriminative(signals: Mapping[str, Signal]) -> list[Candidate]:
    """For telling examples apart: by the kind of the one input, or encoders of several inputs side by side."""
    if len(signals) > 1:
        return joined(signals, _KINDS)
    for signal in signals.values():
        if signal.kind in _KINDS:
            return _KINDS[signal.kind](signal)
    return []


_KINDS: dict[str, Callable[[Signal], list[Candidate]]] = {
    "image": images, "tokens": texts, "vector": tables, "series": series_or_wave, "wave": waves,
}  # fmt: skip
#: what a task's `proposals` names
_FAMILIES: dict[str, Callable[[Mapping[str, Signal]], list[Candidate]]] = {
    family.__name__: family
    for family in (discriminative, forecasters, language_models, autoencoders, adversarial_pairs)
}
