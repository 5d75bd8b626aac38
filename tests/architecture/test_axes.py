"""Sizes that two signals must share, and those that they need not."""

import itertools

from weftnet.architecture.axes import Port, clash, output_axes
from weftnet.architecture.signal import parse

FLOATS = frozenset({"float"})


def port(name: str, *axes: str) -> Port:
    return Port(name, ("batch", *axes), FLOATS, False)


def test_an_axis_of_one_name_has_one_size() -> None:
    two = {"query": port("query", "time_in", "dim"), "memory": port("memory", "time_memory", "dim")}
    for lengths, sizes in itertools.product(((5, 5), (5, 7)), ((8, 8), (8, 6), (6, 8))):
        bound = {
            name: (two[name], parse(f"series:{length}x{size}"))
            for name, length, size in zip(two, lengths, sizes, strict=True)
        }
        wanted = (
            "" if sizes[0] == sizes[1] else f"query and memory need the same dim, but have {sizes[0]} and {sizes[1]}"
        )
        assert clash(bound) == wanted


def test_axes_without_a_standard_name_and_stars_may_differ() -> None:
    rows = {"a": (port("a", "rows"), parse("vector:3")), "b": (port("b", "rows"), parse("vector:4"))}
    assert not clash(rows)
    stars = {"a": (port("a", "*dim"), parse("series:3x4")), "b": (port("b", "*dim"), parse("series:4x4"))}
    assert not clash(stars)


def test_axes_of_an_output_are_named_by_what_was_read_by_their_kind_or_by_their_place() -> None:
    assert output_axes(("batch", "p", "q"), {}, 2) == ("time", "dim")
    assert output_axes(("batch", "dim_out", "q"), {}, 2) == ("dim", "q")  # dim is taken
    assert output_axes(("batch", "*rest"), {}, 3) == ("channels", "height", "width")
    assert output_axes(("batch", "p"), {"p": (("members", 4),)}, 1) == ("members",)
    assert output_axes(("batch", "*rest"), {}, 4) == ("time", "channels", "height", "width")
    assert output_axes(("p", "q", "r", "s", "t"), {}, 5) == ("p", "axis0", "axis1", "axis2", "axis3")
