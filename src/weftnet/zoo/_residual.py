"""The residual blocks of He et al. 2015, with the projection where shape changes (their option B).

    basic        relu(x' + bn(conv 3×3(relu(bn(conv 3×3 ↓stride(x))))))
    bottleneck   relu(x' + bn(conv 1×1(relu(bn(conv 3×3 ↓stride(relu(bn(conv 1×1(x)))))))))

x' = x, or bn(conv 1×1 ↓stride(x)) where stride or width differ. A bottleneck strides in its 3×3 convolution, as in
torchvision ("v1.5"); the paper has it in the first 1×1.
"""

from weftnet.architecture.spec import Chain, Node, Residual
from weftnet.zoo._write import block, chain


def conv_norm(channels: int, kernel: int, stride: int = 1) -> list[Node]:
    """A convolution without bias, which the normalisation's shift replaces."""
    return [block("conv2d", channels=channels, kernel=kernel, stride=stride, bias=False), block("batch_norm2d")]


def basic(channels: int, stride: int, project: bool) -> Chain:
    """Two 3×3 convolutions."""
    body = chain(conv_norm(channels, 3, stride), block("relu"), conv_norm(channels, 3))
    return _around(body, channels, stride, project)


def bottleneck(channels: int, stride: int, project: bool) -> Chain:
    """1×1 to a quarter of the channels, 3×3, 1×1 back."""
    narrow = channels // 4
    body = chain(
        conv_norm(narrow, 1), block("relu"), conv_norm(narrow, 3, stride), block("relu"), conv_norm(channels, 1)
    )
    return _around(body, channels, stride, project)


def _around(body: Chain, channels: int, stride: int, project: bool) -> Chain:
    shortcut = chain(conv_norm(channels, 1, stride)) if project else None
    return chain(Residual(body, shortcut), block("relu"))
