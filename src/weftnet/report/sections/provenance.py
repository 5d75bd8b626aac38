"""Where it comes from: versions, seed, data and checksums, so that it can be made again and told from another."""

from weftnet.report.page import facts, folded, table
from weftnet.report.story import Story


def provenance(story: Story) -> str:
    """Facts of run.json; the manifest folded."""
    known = story.known()
    rows = [("task", known.task.name), ("seed", str(known.seed))]
    rows += known.versions.items()
    rows += [
        ("platform", known.platform or "unknown"),
        ("data", known.data.source or "unknown"),
        ("data sha256", str(known.data.fingerprint)),
        ("format", f"{known.format} of a run folder; status {known.status}"),
    ]
    files = [[name, str(known.sizes.get(name, "")), found] for name, found in known.files.items()]
    manifest = folded("files and their checksums", table(["file", "bytes", "sha256"], files)) if files else ""
    return facts(rows) + manifest
