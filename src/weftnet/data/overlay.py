"""An image seen through another: both blended, and the points and boxes of both, each with its share.

    image′[n] = λ[n] image[n] + (1 − λ[n]) image[partner(n)]

Points and boxes of the partner come behind an example's own. A pixel has no one class then, so that masks can't follow.
"""

import torch
from torch import Tensor

from weftnet.errors import SettingError


class Overlay:
    """Blends of pairs of examples; it moves values as a `Transform` does.

    Args:
        partners: (batch,) the other example.
        shares: (batch,) λ; of 1 nothing of the partner is there.
        height: of the images, in pixels.
        width: likewise.
    """

    def __init__(self, partners: Tensor, shares: Tensor, height: int, width: int) -> None:
        self.partners, self.lambdas, self.height, self.width = partners, shares, height, width

    def images(self, images: Tensor) -> Tensor:
        """(batch, …, height, width) images, blended; those of which all is left stay exactly as they are."""
        share = self.lambdas.to(images).view(-1, *[1] * (images.ndim - 1))
        return torch.where(share == 1, images, share * images + (1 - share) * images[self.partners])

    def nearest(self, values: Tensor, fill: float) -> Tensor:
        """Nothing.

        Raises:
            SettingError: always: classes of pixels can't be blended.
        """
        raise SettingError("classes of pixels can't be blended", where="recipe: augment", fix="take mosaic")

    def points(self, points: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, 2 · count, 2) the points of both, and their mask."""
        return self.beside(points), self._both(mask)

    def boxes(self, boxes: Tensor, mask: Tensor, least: float = 0.0) -> tuple[Tensor, Tensor]:
        """(batch, 2 · count, 4) the boxes of both, and their mask."""
        return self.beside(boxes), self._both(mask)

    def beside(self, values: Tensor) -> Tensor:
        """(batch, 2 · count, …) what belongs to the points or boxes of both."""
        return torch.cat([values, values[self.partners]], 1)

    def shares(self, count: int) -> Tensor:
        """(batch, 2 · count) how much of each point or box is to be seen."""
        share = self.lambdas[:, None].expand(-1, count)
        return torch.cat([share, 1 - share], 1)

    def _both(self, mask: Tensor) -> Tensor:
        return torch.cat([mask, mask[self.partners] & (self.lambdas < 1)[:, None]], 1)
