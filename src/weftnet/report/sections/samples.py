"""The samples that a generative run drew at the end of its training."""

from base64 import b64encode
from html import escape

from weftnet.report.subject import Subject
from weftnet.run.folder import Run

#: the largest sample, in bytes, that is included
_MAX_BYTES = 2**22


def samples(subject: Subject) -> str:
    """The images and texts of the folder `samples`."""
    return samples_of(subject.loaded.run)


def samples_of(run: Run) -> str:
    """The same for a run that need not be loaded."""
    folder, html = run.folder / "samples", []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.suffix not in (".png", ".txt") or not path.is_file() or path.stat().st_size > _MAX_BYTES:
            continue
        name = f"samples/{path.name}"
        if path.suffix == ".png":
            html.append(
                f"<img alt='sample' src='data:image/png;base64,{b64encode(run.file(name).read_bytes()).decode()}'>"
            )
        else:
            html.append(f"<pre>{escape(run.text(name))}</pre>")
    return "".join(html)
