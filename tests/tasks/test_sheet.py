import numpy as np
import pytest
import torch

from weftnet.errors import SettingError
from weftnet.tasks._sheet import sheet


@pytest.mark.parametrize("channels", [1, 3])
def test_every_image_stands_in_its_place(channels):
    images = torch.randint(0, 255, (5, channels, 4, 3), dtype=torch.uint8)
    picture = sheet(images)
    assert picture.mode == ("L" if channels == 1 else "RGB")
    assert picture.size == (3 * 3 + 2 * 2, 2 * 4 + 2)
    page = np.asarray(picture).reshape(10, 13, channels)
    for i, image in enumerate(images):
        top, left = i // 3 * 6, i % 3 * 5
        assert (page[top : top + 4, left : left + 3] == image.permute(1, 2, 0).numpy()).all()
    assert (page[4:6] == 255).all()
    assert (page[6:, 10:] == 255).all()


def test_columns_and_gap():
    images = torch.zeros(4, 1, 2, 2, dtype=torch.uint8)
    assert sheet(images, columns=4, gap=0).size == (8, 2)
    assert sheet(images, columns=9).size == (14, 2)


@pytest.mark.parametrize(
    "images",
    [torch.zeros(2, 1, 3, 3), torch.zeros(2, 2, 3, 3, dtype=torch.uint8), torch.zeros(0, 1, 3, 3, dtype=torch.uint8)],
)
def test_what_is_no_picture_is_refused(images):
    with pytest.raises(SettingError, match=r"uint8 images \(count, 1 or 3, height, width\)"):
        sheet(images)
