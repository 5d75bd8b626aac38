"""Keras 3 on the backend named by KERAS_BACKEND: the same layers in (height, width, channels), compile and fit.

The weights are weftnet's, by the paths of its blocks. Available for the seed CNN, the residual CNN and the MLP.
"""

from _job import Clock, job, report, threads  # isort: skip  (starts the clock)

import os

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray
from safetensors.numpy import load_file

Weights = dict[str, NDArray]


class Builder:
    """Builds layers and remembers from which weftnet block their weights come."""

    def __init__(self) -> None:
        self.paths: list[tuple[layers.Layer, str]] = []

    def conv(self, path: str, channels: int, kernel: int = 3, stride: int = 1, bias: bool = True) -> layers.Layer:
        """Without padding."""
        return self._of(path + ".conv", layers.Conv2D(channels, kernel, strides=stride, use_bias=bias))

    def norm(self, path: str) -> layers.Layer:
        """With torch's momentum and epsilon."""
        return self._of(path + ".norm", layers.BatchNormalization(momentum=0.9, epsilon=1e-5))

    def dense(self, path: str, width: int, activation: str | None = None) -> layers.Layer:
        return self._of(path + ".linear", layers.Dense(width, activation=activation))

    def _of(self, path: str, layer: layers.Layer) -> layers.Layer:
        self.paths.append((layer, path))
        return layer

    def load(self, weights: Weights) -> None:
        """Load the weights into the built layers."""
        for layer, path in self.paths:
            if isinstance(layer, layers.BatchNormalization):
                names = ("weight", "bias", "running_mean", "running_var")
            else:
                names = ("weight", "bias") if layer.use_bias else ("weight",)
            values = [weights[f"{path}.{name}"] for name in names]
            if values[0].ndim > 1:
                values[0] = values[0].transpose(2, 3, 1, 0) if values[0].ndim == 4 else values[0].T
            layer.set_weights(values)


def seed_cnn(make: Builder, weights: Weights) -> keras.Model:
    """Convolutions and pools; rows of the first dense layer are permuted, since channels come last here."""
    dense = weights["network.9.linear.weight"].reshape(64, 64, 3, 3)
    weights["network.9.linear.weight"] = dense.transpose(0, 2, 3, 1).reshape(64, 576)
    stages = [keras.Input((28, 28, 1))]
    for path, channels in (("network.0", 32), ("network.3", 64), ("network.6", 64)):
        stages += [make.conv(path, channels), layers.ReLU(), layers.MaxPooling2D()]
    return keras.Sequential(
        [*stages[:-1], layers.Flatten(), make.dense("network.9", 64, "relu"), make.dense("network.11", 10)]
    )


def residual_cnn(make: Builder, weights: Weights) -> keras.Model:
    """Three stages of one residual block."""

    def conv(path: str, x, channels: int, stride: int = 1):
        return make.conv(path, channels, 3, stride, bias=False)(layers.ZeroPadding2D(1)(x))

    inputs = keras.Input((32, 32, 3))
    x = layers.ReLU()(make.norm("network.1")(conv("network.0", inputs, 16)))
    for stage, channels in ((3, 16), (4, 32), (5, 64)):
        path, stride = f"network.{stage}.0", 1 if stage == 3 else 2
        y = layers.ReLU()(make.norm(f"{path}.body.1")(conv(f"{path}.body.0", x, channels, stride)))
        y = make.norm(f"{path}.body.4")(conv(f"{path}.body.3", y, channels))
        if stride > 1:
            x = make.norm(f"{path}.shortcut.1")(make.conv(f"{path}.shortcut.0", channels, 1, stride, bias=False)(x))
        x = layers.ReLU()(layers.Add()([x, y]))
    return keras.Model(inputs, make.dense("network.7", 10)(layers.GlobalAveragePooling2D()(x)))


def mlp(make: Builder, weights: Weights) -> keras.Model:
    """Dense layers."""
    hidden = [make.dense("network.1", 256, "relu"), make.dense("network.3", 128, "relu")]
    return keras.Sequential([keras.Input((500,)), *hidden, make.dense("network.5", 10)])


NETWORKS = {"seed_cnn": seed_cnn, "residual_cnn": residual_cnn, "mlp": mlp}


class Ticks(keras.callbacks.Callback):
    """Records the time."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock

    def on_train_batch_end(self, batch, logs=None) -> None:
        self.clock.tick()


def main() -> None:
    clock, this = Clock(), job()
    set_threads()
    with clock.aside():
        arrays = this.arrays
        x, held = (np.ascontiguousarray(np.moveaxis(arrays[name], 1, -1)) for name in ("x", "held_x"))
        weights = load_file(this.folder / "weights.safetensors")
    make = Builder()
    model = NETWORKS[this.network](make, weights)
    make.load(weights)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    beta_1, beta_2 = this.betas
    model.compile(keras.optimizers.Adam(this.lr, beta_1=beta_1, beta_2=beta_2, epsilon=1e-8), loss)
    clock.begin()
    model.fit(x, arrays["y"], batch_size=this.batch, shuffle=False, verbose=0, callbacks=[Ticks(clock)])
    clock.end()
    after = held_out(model, held, arrays["held_y"])
    make.load(weights)
    report(this, clock, held_out(model, held, arrays["held_y"]), after)


def held_out(model: keras.Model, x: NDArray, y: NDArray) -> float:
    """Cross-entropy of the held-out examples."""
    return float(model.evaluate(x, y, batch_size=512, verbose=0))


def set_threads() -> None:
    """Set torch's threads; the other backends use the process's processors."""
    if os.environ["KERAS_BACKEND"] == "torch":
        import torch

        torch.set_num_threads(threads())


if __name__ == "__main__":
    main()
