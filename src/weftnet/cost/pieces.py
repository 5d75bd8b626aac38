"""The pieces of networks that a machine is measured with: each makes what runs, and random values for it, on a device.

Every kind of kernel is there at several shapes: small and large, aligned with oneDNN's blocks and not, values that lie
side by side and not. Values are random: the branches of a max-pool on a constant would all be foretold.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.compose import Network, resolve

Run = Callable[..., Tensor]
#: device → what runs, and what it is given
Piece = Callable[[torch.device], tuple[Run, tuple[Tensor, ...]]]

_FUNCTIONS: tuple[Run, ...] = (
    F.relu, F.gelu, torch.tanh, torch.sigmoid, F.silu, F.elu, F.softplus, F.leaky_relu, F.hardtanh, F.hardswish,
    F.mish, F.logsigmoid, torch.exp, torch.square, lambda x: (x.square() + 1).rsqrt(), lambda x: x.abs().sqrt(),
)  # fmt: skip


def pieces() -> Iterator[Piece]:
    """All of them."""
    yield from _products()
    yield from _convolutions()
    yield from _recurrent()
    yield from _values()
    yield from _rows_and_tables()


def _layer(make: Callable[[], nn.Module], *shape: int, needs: bool = True) -> Piece:
    """A module that reads normal values of that shape, whose gradient it needs."""

    def on(device: torch.device) -> tuple[Run, tuple[Tensor, ...]]:
        with device:
            return make(), (torch.randn(shape, requires_grad=needs),)

    return on


def _of(run: Run, *shape: int) -> Piece:
    """A function of normal values of that shape."""
    return _two(run, shape)


def _two(run: Run, *shapes: tuple[int, ...]) -> Piece:
    return lambda device: (run, tuple(torch.randn(shape, device=device, requires_grad=True) for shape in shapes))


def _products() -> Iterator[Piece]:
    for body in ([{"dense": {"dim": 4}}, "tanh"], ["relu", "tanh"], [{"dense": {"dim": 16}}, "relu", "batch_norm"]):
        tree = resolve(from_dict(body * 8).parts["network"], {"x": parse("vector:4")})
        yield _layer(lambda tree=tree: Network(tree), 4, 4)
    for rows, dim, out in (
        (4, 64, 64), (32, 784, 128), (128, 128, 10), (64, 512, 512), (4, 1024, 1024), (2048, 24, 24), (4096, 7, 32),
        (1024, 256, 256), (768, 1024, 1024), (8192, 64, 5), (2048, 48, 96), (4, 3072, 1024), (32, 1024, 3072),
        (4, 3072, 3072), (8192, 24, 48),
    ):  # fmt: skip
        yield _layer(lambda dim=dim, out=out: nn.Linear(dim, out), rows, dim)
    for count, rows, dim, columns in (
        (4, 16, 16, 16),
        (256, 12, 24, 12),
        (512, 64, 8, 64),
        (64, 96, 32, 96),
        (2048, 8, 8, 8),
    ):
        yield _two(torch.bmm, (count, rows, dim), (count, dim, columns))
    for shape in ((4, 4, 16, 16), (64, 4, 16, 8), (256, 2, 48, 3), (16, 4, 64, 32), (2, 4, 384, 64), (128, 8, 32, 4)):
        yield _of(lambda x: F.scaled_dot_product_attention(x, x, x), *shape)
        mask = torch.ones(shape[0], 1, 1, shape[2], dtype=torch.bool)
        yield _of(
            lambda x, mask=mask: F.scaled_dot_product_attention(
                x, x, x, attn_mask=mask.to(x.device).expand(-1, -1, x.shape[2], -1)
            ),
            *shape,
        )


def _convolutions() -> Iterator[Piece]:
    for batch, channels, out, kernel, size in (
        (4, 3, 16, 3, 28), (32, 1, 32, 3, 28), (64, 3, 6, 5, 32), (16, 32, 32, 3, 28), (16, 128, 128, 3, 14),
        (64, 64, 64, 3, 8), (64, 3, 8, 1, 32), (16, 32, 32, 3, 32), (4, 3, 16, 3, 32), (32, 16, 16, 3, 64),
        (64, 24, 12, 1, 16), (32, 6, 6, 3, 24), (2, 256, 256, 3, 4), (16, 64, 128, 1, 16), (8, 24, 24, 15, 24),
        (4, 12, 24, 17, 20), (32, 8, 8, 9, 16), (128, 3, 24, 2, 23), (128, 1, 32, 3, 27), (64, 8, 16, 7, 15),
    ):  # fmt: skip
        yield _layer(
            lambda c=channels, d=out, k=kernel: nn.Conv2d(c, d, k, padding=k // 2), batch, channels, size, size
        )
    for batch, channels, out, size, kernel, stride in (
        (64, 3, 32, 32, 4, 4), (8, 3, 64, 32, 8, 8), (32, 16, 32, 28, 3, 2), (128, 3, 8, 32, 3, 8),
        (4, 32, 64, 14, 3, 2),
    ):  # fmt: skip
        for needs in (True, False):
            yield _layer(
                lambda c=channels, d=out, k=kernel, s=stride: nn.Conv2d(c, d, k, s),
                batch,
                channels,
                size,
                size,
                needs=needs,
            )
    for batch, channels, out, size in (
        (128, 1, 32, 28),
        (32, 3, 16, 32),
        (128, 3, 24, 24),
        (4, 1, 8, 28),
        (16, 3, 64, 16),
    ):
        yield _layer(lambda c=channels, d=out: nn.Conv2d(c, d, 3, padding=1), batch, channels, size, size, needs=False)
    for batch, channels, out, time in ((4, 24, 32, 64), (64, 7, 64, 96), (64, 64, 64, 48), (32, 4, 8, 1024)):
        yield _layer(lambda c=channels, d=out: nn.Conv1d(c, d, 5, padding=2), batch, channels, time)
        yield _layer(lambda c=channels, d=out: _Turned(nn.Conv1d(c, d, 3, padding=1)), batch, time, channels)
    for batch, channels, kernel, size in (
        (4, 16, 3, 16),
        (64, 6, 3, 24),
        (16, 64, 3, 28),
        (64, 3, 5, 32),
        (128, 3, 3, 32),
        (8, 32, 3, 32),
        (128, 3, 3, 24),
        (4, 3, 3, 24),
        (32, 12, 5, 16),
        (8, 48, 7, 12),
    ):
        yield _layer(
            lambda c=channels, k=kernel: nn.Conv2d(c, c, k, padding=k // 2, groups=c), batch, channels, size, size
        )
    for batch, channels, kernel, size, stride in (
        (32, 24, 9, 32, 2),
        (128, 3, 3, 24, 2),
        (8, 16, 5, 28, 2),
        (64, 12, 3, 16, 4),
    ):
        for needs in (True, False):
            yield _layer(
                lambda c=channels, k=kernel, s=stride: nn.Conv2d(c, c, k, s, groups=c),
                batch, channels, size, size, needs=needs,
            )  # fmt: skip
    for batch, channels, time in ((4, 24, 64), (64, 16, 48), (128, 6, 32)):
        yield _layer(lambda c=channels: nn.Conv1d(c, c, 3, padding=1, groups=c), batch, channels, time)
        yield _layer(lambda c=channels: nn.ConvTranspose1d(c, 12, 4, 2, 1), batch, channels, time)
        yield _of(lambda x: F.max_pool1d(x, 2), batch, channels, time)
        yield _of(lambda x: F.max_pool1d(x.transpose(1, 2), 2).transpose(1, 2), batch, time, channels)
        yield _of(lambda x: F.avg_pool1d(x.transpose(1, 2), 2).transpose(1, 2), batch, 8 * time, channels)
        yield _layer(lambda t=time: _Turned(nn.LayerNorm(t)), batch, time, channels)
    for batch, channels, size in ((4, 16, 16), (64, 8, 24), (16, 64, 28), (4, 48, 3)):
        yield _layer(lambda c=channels: nn.Conv2d(c, c, 3, padding=1, groups=4), batch, channels, size, size)
    for batch, channels, time in ((4, 48, 8), (64, 32, 24)):
        yield _layer(lambda c=channels: nn.Conv1d(c, 2 * c, 3, padding=1, groups=c // 4), batch, channels, time)
        yield _layer(lambda c=channels: nn.ConvTranspose1d(c, c, 8, 8), batch, channels, time)
        yield _layer(lambda c=channels: _Turned(nn.ConvTranspose1d(c, 12, 2, 2)), batch, time, channels)
    for batch, channels, out, size in ((4, 16, 8, 7), (64, 8, 6, 12), (32, 64, 32, 14)):
        yield _layer(lambda c=channels, d=out: nn.ConvTranspose2d(c, d, 4, 2, 1), batch, channels, size, size)
    for batch, channels, size in ((2, 8, 16), (32, 32, 28), (64, 3, 32)):
        shape = (batch, channels, size, size)
        yield _of(lambda x: F.max_pool2d(x, 2), *shape)
        yield _of(lambda x: F.max_pool2d(x, 3, 1, 1), *shape)
        yield _of(lambda x: F.avg_pool2d(x, 2), *shape)
        yield _of(lambda x: F.avg_pool2d(x, 3, 1, 1), *shape)
        yield _of(lambda x: F.adaptive_avg_pool2d(x, 1), *shape)
        yield _of(lambda x: F.interpolate(x, scale_factor=2.0), *shape)
        yield _layer(lambda c=channels: nn.BatchNorm2d(c), *shape)
        yield _layer(lambda c=channels: nn.GroupNorm(1, c), *shape)


def _recurrent() -> Iterator[Piece]:
    for batch, time, dim_in, dim in (
        (4, 48, 16, 64), (32, 96, 7, 64), (128, 48, 64, 64), (64, 28, 28, 32), (8, 32, 256, 256),
        (64, 16, 128, 128), (128, 96, 64, 64), (128, 32, 128, 240), (32, 16, 240, 240), (4, 40, 65, 12),
        (64, 4, 768, 24),
        (4, 64, 6, 6), (128, 64, 6, 6), (128, 64, 24, 12), (16, 48, 12, 24), (4, 96, 16, 8), (32, 12, 48, 48),
    ):  # fmt: skip
        yield _layer(lambda i=dim_in, d=dim: _First(nn.LSTM(i, d, batch_first=True)), batch, time, dim_in)
    for batch, time, dim_in, dim in ((4, 48, 8, 8), (4, 24, 16, 64), (64, 24, 16, 48), (128, 12, 48, 96)):
        yield _layer(lambda i=dim_in, d=dim: _First(nn.GRU(i, d, batch_first=True)), batch, time, dim_in)
        yield _layer(lambda i=dim_in, d=dim: _First(nn.RNN(i, d, batch_first=True)), batch, time, dim_in)


def _values() -> Iterator[Piece]:
    for function in _FUNCTIONS:
        for values in (1 << 10, 1 << 15, 1 << 19):
            yield _of(function, values)
    for function in _FUNCTIONS[:8]:
        for shape in ((64, 32, 48), (128, 400, 32), (4, 16, 24)):
            yield _of(lambda x, f=function: f(x.transpose(1, 2)).contiguous(), *shape)
    for values in (1 << 10, 1 << 16, 1 << 19, 1 << 21):
        yield _two(torch.add, (values,), (values,))
        yield _two(torch.mul, (values,), (values,))
    for rows, dim in ((64, 16), (4096, 24), (2048, 7), (128, 1024), (8192, 128)):
        yield _two(torch.mul, (rows, dim), (rows, 1))
        yield _two(torch.add, (rows, dim), (dim,))
        yield _of(lambda x: x.transpose(0, 1).contiguous(), rows, dim)
        yield _of(lambda x: x.reshape(4, -1, x.shape[1]).transpose(0, 1).contiguous(), rows, dim)
        yield _of(lambda x: torch.cat([x, x], dim=-1), rows, dim)
        yield _of(lambda x: x.masked_fill(x.detach()[:, :1] > 0, 0.0), rows, dim)
        yield _of(lambda x: torch.where(x.detach() > 0, x, -x), rows, dim)
        yield _of(lambda x: (x.detach() > 0).all(-1), rows, dim)
        yield _of(lambda x: x.t().masked_fill(x.detach()[0, :, None] > 0, 0.0) * 2, rows, dim)
        yield _of(lambda x: x.t() * x.detach().reshape(x.shape[1], -1), rows, dim)
        yield _of(lambda x: x[:, 1:] * 2, rows, dim)
        yield _of(lambda x: torch.stack([x[:, 0], x[:, -1]], dim=1), rows, dim)
        yield _of(lambda x: F.dropout(x, 0.2), rows, dim)
        yield _of(lambda x: F.dropout(x.t(), 0.2), rows, dim)


def _rows_and_tables() -> Iterator[Piece]:
    for batch, time, dim in ((4, 64, 24), (128, 64, 24), (32, 48, 96)):
        yield _of(lambda x: x.amax(1), batch, time, dim)
        yield _of(lambda x: x.mean(1), batch, time, dim)
        yield _of(lambda x: x.transpose(1, 2).amax(-1), batch, time, dim)
    for rows, dim in ((8, 16), (4096, 24), (2048, 96), (512, 1024), (20000, 8)):
        yield _of(lambda x: x.softmax(-1), rows, dim)
        yield _of(lambda x: x.log_softmax(-1), rows, dim)
        yield _layer(lambda d=dim: nn.LayerNorm(d), rows, dim)
        yield _layer(lambda d=dim: nn.BatchNorm1d(d), rows, dim)
        yield _of(lambda x: x.reshape(-1, x.shape[1] // 8, 8).softmax(-1), rows, dim)
        yield _layer(lambda: nn.LayerNorm(8), rows * dim // 8, 8)
        yield _of(lambda x: x.reshape(-1, x.shape[1] // 8, 8).sum(-1), rows, dim)
        yield _of(lambda x: x.reshape(-1, x.shape[1] // 8, 8).amax(-1), rows, dim)
        yield _of(lambda x: x.sum(-1), rows, dim)
        yield _of(lambda x: x.sum(0), rows, dim)
        yield _of(lambda x: x.reshape(-1, 2, x.shape[1] * 4).mean(1), rows, dim)
        yield _of(lambda x: x.var(-1), rows, dim)
        yield _of(lambda x: x.amax(-1), rows, dim)
        yield _of(lambda x: x.reshape(-1, 2, x.shape[1] * 4).amax(1), rows, dim)
    for rows, dim, vocabulary in ((64, 16, 500), (2048, 64, 65), (4096, 128, 5000)):
        yield _layer(lambda d=dim, v=vocabulary: _Table(v, d), rows)
        yield _of(lambda x: x.index_select(0, (x.detach()[:, 0].abs() * 8).long().clamp(max=x.shape[0] - 1)), rows, dim)


class _First(nn.Module):
    """All steps' outputs of a recurrent layer."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """Without the state."""
        y: Tensor = self.layer(x)[0]
        return y


class _Turned(nn.Module):
    """A layer that reads channels first, on a sequence."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """A sequence again."""
        y: Tensor = self.layer(x.transpose(1, 2)).transpose(1, 2)
        return y


class _Table(nn.Module):
    """Rows by number; which ones does not matter."""

    def __init__(self, vocabulary: int, dim: int) -> None:
        super().__init__()
        self.table = nn.Embedding(vocabulary, dim)

    def forward(self, x: Tensor) -> Tensor:
        """As many rows as there are values."""
        rows = (x.detach().abs() * 16).long().clamp(max=self.table.num_embeddings - 1)
        y: Tensor = self.table(rows)
        return y
