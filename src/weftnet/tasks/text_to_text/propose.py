"""Which encoder-decoders suit a text: transformer, attention_encoder_decoder, gru_encoder_decoder."""

from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.tasks._propose.candidate import FACTORS, Candidate, adamw, formed, plain


def text_to_text(signals: Mapping[str, Signal]) -> list[Candidate]:
    """Encoder-decoders; [] for inputs other than one text called `tokens`."""
    if list(signals) != ["tokens"] or signals["tokens"].kind != "tokens":
        return []
    return formed(_sized(1), ((_sized(factor), f"{factor} times narrower") for factor in FACTORS))


def _sized(factor: int) -> list[Candidate]:
    """All of them so many times narrower, the Transformer with as many times fewer layers."""
    deep = {"dim": 128 // factor, "depth": 4 // factor, "heads": 4, "hidden": 256 // factor, "dropout": 0.1}
    wide = {"words": 128 // factor, "dim": 192 // factor, "hidden": 128 // factor, "dropout": 0.2}
    recurrent = adamw(2e-3, clip=1.0)
    return [
        plain("transformer", deep, adamw(2e-3, clip=1.0, optimiser_settings={"betas": [0.9, 0.98]}),
              "attention to all of the source and all that is written"),
        plain("bahdanau", wide, recurrent, "recurrent, and looks at all of the source for every token",
              entry="attention_encoder_decoder"),
        plain("gru_encoder_decoder", wide, recurrent, "recurrent, with the source in one vector: for short texts"),
    ]  # fmt: skip
