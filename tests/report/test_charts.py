import math
import re
from html.parser import HTMLParser

from weftnet.report.charts import dots, lines
from weftnet.report.page import collapsible, page, paragraph, section, table


class Balanced(HTMLParser):
    """Every element that opens closes, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def balanced(html: str) -> None:
    parser = Balanced()
    parser.feed(html)
    assert parser.open == []


def test_points_are_placed_by_their_values() -> None:
    svg = lines({"a": [[(0.0, 1.0), (5.0, 3.0), (10.0, 2.0)]]}, "seconds", "loss")
    ((xs, ys),) = [
        zip(*(map(float, pair.split(",")) for pair in path.split()), strict=True)
        for path in re.findall(r"points='([^']+)'", svg)
    ]
    assert xs[0] < xs[1] < xs[2]
    assert math.isclose(xs[1] - xs[0], xs[2] - xs[1], abs_tol=0.2)
    assert ys[1] < ys[2] < ys[0]  # up is smaller
    assert math.isclose((ys[0] - ys[2]), (ys[2] - ys[1]), abs_tol=0.2)


def test_a_logarithmic_axis_spaces_decades_evenly() -> None:
    svg = lines({"a": [[(0, 0.01), (1, 0.1), (2, 1.0), (3, -1.0), (4, math.nan)]]}, "s", "loss", log=True)
    (path,) = re.findall(r"points='([^']+)'", svg)
    ys = [float(pair.split(",")[1]) for pair in path.split()]
    assert len(ys) == 3  # what has no logarithm is left out
    assert math.isclose(ys[0] - ys[1], ys[1] - ys[2], abs_tol=0.2)


def test_names_are_escaped_and_nothing_is_fetched() -> None:
    bad = "<script>alert(1)</script>"
    html = page(
        bad,
        [
            section(bad, paragraph(bad), table([bad], [[bad]], 0)),
            lines({bad: [[(0, 1), (1, 2)]]}, bad, bad),
            dots({bad: [0.5, 0.6]}, bad),
        ],
    )
    assert html.count("<script") == 1, "the page's own"
    assert "http" not in html.replace("http-equiv", "")
    assert "<link" not in html
    balanced(_closed(html))


def _closed(html: str) -> str:
    """SVG's self-closing elements, written out for a parser of HTML."""
    return re.sub(r"<(line|circle|polyline|rect|path)([^>]*) />", r"<\1\2></\1>", html)


def test_nothing_to_draw_is_still_a_drawing() -> None:
    assert "nothing to draw" in lines({"a": [[]]}, "x", "y")
    balanced(_closed(dots({"a": []}, "x")))


def test_the_legend_stands_in_rows_and_inside_the_drawing() -> None:
    names = [f"architecture_{number}" for number in range(7)]
    svg = lines({name: [[(0, 1), (1, 2)]] for name in names}, "s", "loss")
    places = re.findall(r"<text x=(\d+) y=(\d+)>architecture_", svg)
    rows = {int(y) for _, y in places}
    assert 1 < len(rows) < len(names)
    (width, height) = map(int, re.findall(r"viewBox='0 0 (\d+) (\d+)'", svg)[0])
    assert all(int(x) < width for x, _ in places)
    assert max(rows) < height


def test_one_evaluation_is_a_dot_and_half_a_decade_has_ticks() -> None:
    svg = lines({"a": [[(1.0, 33.0)]], "b": [[(1.0, 35.0), (2.0, 39.0)]]}, "s", "loss", log=True)
    assert svg.count("<circle") == 1
    assert svg.count("<line class=axis") > 1


def test_collapsible_content_is_closed_by_default() -> None:
    assert collapsible("a & b", "<p>x</p>") == "<details><summary>a &amp; b</summary><p>x</p></details>"
    assert collapsible("a", expanded=True).startswith("<details open>")
