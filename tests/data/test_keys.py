"""Names that are free: the first that nobody has."""

from collections.abc import Collection, Iterator

import pytest

from weftnet.data.keys import free, labelled


class Taken(Collection[str]):
    """Names that are asked for a hundred times at most: a search without an end fails."""

    def __init__(self, *names: str) -> None:
        self.names, self.asked = names, 0

    def __contains__(self, name: object) -> bool:
        self.asked += 1
        assert self.asked <= 100
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


@pytest.mark.parametrize(
    ("taken", "found"), [((), "a"), (("b", "a_2"), "a"), (("a",), "a_2"), (("a", "a_2", "a_4"), "a_3")]
)
def test_the_first_name_that_nobody_has(taken: tuple[str, ...], found: str) -> None:
    assert free("a", Taken(*taken)) == found


def test_labels_differ_from_names_and_from_each_other() -> None:
    assert labelled(["x", "x_features", "y"], "_features") == {
        "x": "x_features_2", "x_features": "x_features_features", "y": "y_features"
    }  # fmt: skip
