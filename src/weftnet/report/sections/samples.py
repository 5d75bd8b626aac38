"""What a generative run drew when it was finished."""

from base64 import b64encode
from html import escape

from weftnet.report.story import Story

#: bytes that a sample in the folder may have
_MOST = 2**22


def samples(story: Story) -> str:
    """The pictures and texts of the folder `samples`."""
    run, found = story.loaded.run, []
    folder = run.folder / "samples"
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.suffix not in (".png", ".txt") or not path.is_file() or path.stat().st_size > _MOST:
            continue
        inside = run.file(f"samples/{path.name}")
        if path.suffix == ".png":
            found.append(f"<img alt='drawn' src='data:image/png;base64,{b64encode(inside.read_bytes()).decode()}'>")
        else:
            found.append(f"<pre>{escape(run.text(f'samples/{path.name}'))}</pre>")
    return "".join(found)
