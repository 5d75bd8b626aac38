"""Create `tests/fixtures/keras`: models as Keras writes them, their weights, and what they answer.

KERAS_BACKEND=torch python scripts/keras_fixture.py        (Keras 3, in an environment of its own)
"""

from pathlib import Path

import keras
import numpy as np
from keras import layers as L

OUT = Path(__file__).parents[1] / "tests" / "fixtures" / "keras"
random = np.random.default_rng(0)


def cnn() -> keras.Model:
    """Convolutions of every kind, poolings, norms."""
    return keras.Sequential(
        [
            keras.Input((12, 10, 3)),
            L.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
            L.BatchNormalization(),
            L.DepthwiseConv2D(3, padding="same", activation="leaky_relu"),
            L.SeparableConv2D(5, 3, padding="same"),
            L.ReLU(max_value=6),
            L.Conv2DTranspose(4, 4, strides=2, padding="same"),
            L.LayerNormalization(),
            L.MaxPooling2D(2),
            L.UpSampling2D(2),
            L.AveragePooling2D(3, strides=2),
            L.Conv2D(6, (1, 2), dilation_rate=(1, 2), activation="swish"),
            L.Dropout(0.3),
            L.GlobalAveragePooling2D(),
            L.Dense(3, activation="softmax"),
        ],
        name="cnn",
    )


def flat() -> keras.Model:
    """The network that everyone begins with."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            L.Conv2D(4, 3, activation="relu"),
            L.MaxPooling2D(),
            L.Flatten(),
            L.Dense(7, activation="gelu"),
            L.Dense(5, activation="softmax"),
        ],
        name="flat",
    )


def text() -> keras.Model:
    """Tokens, both directions, labels."""
    return keras.Sequential(
        [
            keras.Input((7,), dtype="int32"),
            L.Embedding(11, 6),
            L.Bidirectional(L.LSTM(4, return_sequences=True)),
            L.Conv1D(5, 3, padding="causal", activation="tanh"),
            L.GlobalMaxPooling1D(),
            L.Dense(4, activation="sigmoid"),
        ],
        name="text",
    )


def series() -> keras.Model:
    """A graph of two branches."""
    inputs = keras.Input((9, 3), name="series")
    left = L.GRU(4, return_sequences=True)(inputs)
    right = L.Conv1D(4, 3, padding="same", activation="elu")(inputs)
    joined = L.Concatenate()([L.Add()([left, right]), left])
    last = L.SimpleRNN(5)(joined)
    return keras.Model(inputs, L.Dense(2)(last), name="series")


def main() -> None:
    """Random weights, norms' statistics included, so that nothing hides behind a zero."""
    OUT.mkdir(parents=True, exist_ok=True)
    for model in (cnn(), flat(), text(), series()):
        for weight in model.weights:
            values = random.normal(0, 0.4, weight.shape)
            weight.assign(np.abs(values) + 0.5 if "variance" in weight.path else values)
        shape = (3, *model.input_shape[1:])
        x = random.integers(0, 11, shape) if model.name == "text" else random.normal(size=shape)
        y = np.asarray(keras.ops.convert_to_numpy(model(x.astype("int32" if model.name == "text" else "float32"))))
        (OUT / f"{model.name}.json").write_text(model.to_json(), encoding="utf-8")
        arrays = {
            f"{number:03} {weight.path}": np.asarray(keras.ops.convert_to_numpy(weight), dtype=np.float32)
            for number, weight in enumerate(model.weights)
        }
        np.savez_compressed(OUT / f"{model.name}.npz", **arrays, x=x, y=y)


if __name__ == "__main__":
    main()
