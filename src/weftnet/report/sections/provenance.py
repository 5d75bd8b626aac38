"""Provenance: versions, seed, data and checksums, so that a run can be reproduced and identified."""

from weftnet.report.page import collapsible, facts, table
from weftnet.report.subject import Subject


def provenance(subject: Subject) -> str:
    """Facts of run.json; the checksums collapsed."""
    recorded = subject.loaded.run.facts
    rows = [("task", recorded.task.name), ("seed", str(recorded.seed)), *recorded.versions.items()]
    rows += [
        ("platform", recorded.platform or "unknown"),
        ("data", recorded.data.source or "unknown"),
        ("data sha256", str(recorded.data.fingerprint)),
        ("format", f"run folder format {recorded.format}; status {recorded.status}"),
    ]
    files = [[name, str(recorded.sizes.get(name, "")), checksum] for name, checksum in recorded.files.items()]
    checksums = collapsible("files and their checksums", table(["file", "bytes", "sha256"], files)) if files else ""
    return facts(rows) + checksums
