"""Commands that write something from a finished run, and what must be there when they were called again."""

from collections.abc import Callable, Sequence
from pathlib import Path

from kills_parts.cases import Case
from kills_parts.place import Place

from weftnet.answer.manifest import Manifest
from weftnet.base.files import read_json, sha256
from weftnet.run.folder import Run


class OnRun(Case):
    """A command on the run that nobody killed.

    Args:
        place: where.
        name: of the command.
        words: after the folder of the run; `out` is what it writes.
        judge: of the folder `out` lies in, and of what the call that nobody killed left: equal, redone or different.
    """

    def __init__(
        self, place: Place, name: str, words: Sequence[str], judge: Callable[[Path, Path], str], run: bool = True
    ) -> None:
        super().__init__(place)
        self.name, self.stages, self._judge = name, (name,), judge
        self._words = [name, *([str(place.whole / "fit" / "out")] if run else []), *words]

    @property
    def words(self) -> list[str]:
        """The command."""
        return self._words

    def again(self) -> list[list[str]]:
        """The same; nothing, where an export is there already, which nobody may overwrite."""
        there = (self.place.here / "out").exists() and self.name == "export"
        return [] if there else [self.words]

    def judge(self) -> str:
        """As it was told."""
        return self._judge(self.place.here, self.kept)

    def refused(self) -> bool:
        """Whether nothing got smaller and faster, which a clock tells."""
        return self.name == "compress" and "nothing is smaller and faster" in self.place.log

    def litter(self) -> list[str]:
        """What a compression keeps hangs on a clock: there only hidden files are litter."""
        left = super().litter()
        if self.name != "compress":
            return left
        return [path for path in left if not path.startswith("out/") or "/." in path]


def on_run(place: Place) -> list[Case]:
    """The commands that write something from a run."""
    asked = str(place.example.question or place.example.source)
    few = ["--methods", "int8_static,prune", "--budget", "0s", "--max-drop", "1000", "--out", "out", "--replace"]
    return [
        OnRun(place, "export", ["--out", "out"], exported),
        OnRun(place, "compress", few, compressed),
        OnRun(place, "report", ["--out", "out.html"], page),
        OnRun(place, "predict", [asked, "--out", "out.csv"], answers),
        OnRun(place, "sample", ["--out", "out.png"], answers),
        OnRun(place, "calibrate", [], rates, run=False),
    ]


def exported(here: Path, whole: Path) -> str:
    """Every file that the manifest lists is as it was written."""
    Manifest(here / "out")
    listed = read_json(here / "out" / "manifest.json")["files"]
    right = all(sha256(here / "out" / name) == checksum for name, checksum in listed.items())
    return "redone" if right and listed.keys() == read_json(whole / "out" / "manifest.json")["files"].keys() else "lost"


def compressed(here: Path, whole: Path) -> str:
    """Every run that was kept is whole."""
    for row in read_json(here / "out" / "compression.json")["rows"]:
        if row["verdict"] == "kept":
            Run.open(here / "out" / row["name"]).verify()
    return "redone"


def page(here: Path, whole: Path) -> str:
    """The page has its end."""
    return "redone" if (here / "out.html").read_text(encoding="utf-8").endswith("</html>\n") else "lost"


def answers(here: Path, whole: Path) -> str:
    """The same files, byte by byte."""
    names = [path.relative_to(whole) for path in sorted(whole.glob("out*")) + sorted(whole.glob("out/*"))]
    files = [name for name in names if (whole / name).is_file()]
    equal = all((here / name).read_bytes() == (whole / name).read_bytes() for name in files)
    return "equal" if files and equal else "different"


def rates(here: Path, whole: Path) -> str:
    """The measured rates can be read, and there are as many."""
    found = [read_json(next((each / "cache" / "weftnet").glob("roofline-*.json"))) for each in (here, whole)]
    return "redone" if found[0].keys() == found[1].keys() else "lost"
