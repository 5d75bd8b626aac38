"""Audio: recordings as waves of one rate and length, scaled by their loudness.

    z[t] = x[t] / rms,   rms = √(mean of x² over the samples of the training recordings)

Recordings are `Path`s, bytes of a file, or arrays; several channels become their mean, other sample rates are
resampled (`sounds.py`). `rate` defaults to the rate of most training recordings, `seconds` to a length that 98 % of the
training recordings do not exceed, at most ten seconds. Longer recordings are truncated. Shorter ones are padded at
their end and masked, if there are any in the training rows; otherwise silence follows them.

A recording counts as at least 50 ms long, so that it holds one frame: a shorter one is followed by silence.
Every recording is encoded at full length, so that its answer does not depend on the batch, even behind blocks that drop
the mask, such as those that treat the spectrogram as an image; `trim` cuts batches to their longest recording instead.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.base.figures import Curve
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds._raw import RawColumn
from weftnet.data.kinds._show import curve
from weftnet.data.media import SOUNDS, are_files
from weftnet.data.sounds import outlines, samples, sounds
from weftnet.data.wires import FileWire
from weftnet.errors import DataError

_SHARE, _LONGEST, _SHORTEST = 0.98, 10.0, 0.05
_SILENCE = 1e-12
_MAGIC = (b"fLaC", b"OggS", b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")


@dataclass
class Audio(Kind):
    """A column of recordings.

    Args:
        rate: samples per second; 0 to choose from the training recordings.
        seconds: length kept; 0 to choose from the training recordings.
        trim: whether batches are cut to their longest recording.
    """

    words: ClassVar[bool] = False
    packages: ClassVar[tuple[str, ...]] = ("soundfile",)
    suffixes: ClassVar[tuple[str, ...]] = SOUNDS
    rate: int = 0
    seconds: float = 0.0
    trim: bool = False
    hertz: int = field(default=1, init=False)
    time: int = field(default=1, init=False)
    padded: bool = field(default=False, init=False)
    rms: float = field(default=1.0, init=False)

    def __post_init__(self) -> None:
        if type(self.rate) is not int or self.rate < 0 or not 0 <= self.seconds < float("inf"):
            raise ValueError(f"audio: expected rate ≥ 0 and seconds ≥ 0, got {self.rate!r} and {self.seconds!r}")
        self.notices: list[str] = []

    @classmethod
    def recognises(cls, column: RawColumn) -> float:
        """Files of sound, by suffix or first bytes."""
        return 0.95 * are_files(column.sample, cls.suffixes, _begins)

    def findings(self, name: str, chunks: Iterable[NDArray[Any]], rows: int) -> list[str]:
        """What was resampled and cut."""
        return [f"{name}: {notice}" for notice in self.notices]

    def picture(self, value: Any) -> Curve:
        """The wave."""
        return curve(value if isinstance(value, np.ndarray | list) else samples(value))

    def summary(self, values: list[Any]) -> str:
        """How they are read."""
        return ", ".join(f"{name} {value}" for name, value in self.facts.items())

    def fit(self, values: Any) -> Self:
        """Rate, length and loudness."""
        cells = _cells(values)
        headers = list(outlines(cells))
        rates = Counter(each.rate for each in headers if each.rate)
        if not self.rate and not rates:
            raise DataError("arrays don't say their rate", fix="{'audio': {'rate': samples a second}}")
        self.hertz = self.rate or min(rates, key=lambda rate: (-rates[rate], rate))
        lengths = np.array([each.count / (each.rate or self.hertz) for each in headers])
        usual = float(np.quantile(lengths, _SHARE, method="higher"))
        kept = self.seconds or max(_SHORTEST, min(usual, _LONGEST))
        self.time = max(1, round(kept * self.hertz))
        self.padded = bool((lengths * self.hertz < self.time - 0.5).any())
        squares = count = 0.0
        for wave in sounds(cells, self.hertz, self.time):
            squares, count = squares + float(np.square(wave, dtype=np.float64).sum()), count + len(wave)
        self.rms = float(np.sqrt(squares / count)) if squares > count * _SILENCE else 1.0
        others = sum(number for rate, number in rates.items() if rate != self.hertz)
        longer = int((lengths > self.time / self.hertz * (1 + 1e-9)).sum())
        self.notices += [f"{others} of {len(headers)} training recordings are resampled to {self.hertz} Hz"] * bool(
            others
        )
        self.notices += [f"{longer} of {len(headers)} training recordings are cut to {kept:.3g} s"] * bool(longer)
        return self

    def encode(self, values: Any) -> NDArray[np.float32]:
        """(rows, time, 1) float32; padding is NaN where the signal is padded, otherwise 0."""
        cells = _cells(values)
        waves = np.zeros((len(cells), self.time, 1), np.float32)
        least = min(self.time, round(_SHORTEST * self.hertz))
        for row, wave in enumerate(sounds(cells, self.hertz, self.time)):
            waves[row, : len(wave), 0] = wave / np.float32(self.rms)
            if self.padded:
                waves[row, max(len(wave), least) :] = np.nan
        return waves

    def encode_target(self, values: Any) -> NDArray[np.float32]:
        """The same, with silence as padding: its length is that of the recording it belongs to."""
        return np.nan_to_num(self.encode(values), nan=0.0)

    def decode(self, values: NDArray[Any]) -> list[NDArray[np.float32]]:
        """Waves without their padding, at their original loudness."""
        return [wave[~np.isnan(wave)] * np.float32(self.rms) for wave in values[..., 0].astype(np.float32)]

    @property
    def facts(self) -> dict[str, Any]:
        """Rate, in samples per second, and the length kept, in seconds."""
        return {"rate": self.hertz, "seconds": self.time / self.hertz}

    @property
    def wire(self) -> FileWire:
        """A file of sound."""
        return FileWire("recording", "audio/*", "audio")

    @property
    def signal(self) -> Signal:
        """A wave."""
        return Signal(("time", "dim"), (self.time, 1), "float", {"rate": self.hertz}, self.padded)


def _begins(file: bytes) -> bool:
    """Whether these are the first bytes of a file of sound; RIFF files name their form at byte 8."""
    return file.startswith(_MAGIC) or (file[:4] == b"RIFF" and file[8:12] == b"WAVE")


def _cells(values: Any) -> list[Any]:
    """The recordings one by one; lists of numbers as arrays."""
    return [np.asarray(each, np.float64) if isinstance(each, list) else each for each in values]


def example() -> tuple[Audio, Any]:
    """The kind, and three recordings of noise: for its contract."""
    draw = np.random.default_rng(0)
    return Audio(rate=200), [draw.normal(0, 0.3, length) for length in (40, 25, 61)]
