"""Provenance: versions, seed, data and checksums, so that a run can be reproduced and identified."""

from weftnet.report.page import collapsible, facts, table
from weftnet.report.subject import Subject
from weftnet.run.lineage import Ancestor


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
    if (origin := recorded.origin) is not None:
        rows.append(("published weights", f"{origin.text}; no step was trained here"))
        rows += [(f"sha256 of {name}", checksum) for name, checksum in origin.files.items()]
        rows += [("of the weights", line) for line in origin.lines]
    if recorded.start is not None:
        told = ("which started from" if row else "started from" for row in range(len(recorded.start.ancestors)))
        rows += list(zip(told, map(_text, recorded.start.ancestors), strict=True))
        rows += [("at the start", line) for line in recorded.start.lines[1:]]
    rows += [("learnt from", _text(each)) for each in recorded.teachers]
    if recorded.refit is not None:
        scores = subject.score, recorded.refit.scores
        before = ", ".join(f"{split} {scores[0].text(each[scores[0].name])}" for split, each in scores[1].items())
        rows.append(("trained anew", f"on training and validation rows, as {recorded.refit.run}; before: {before}"))
    for member in recorded.members:
        rows.append(("member", f"{member.name}; weight {member.weight:.3g}; weights sha256 {member.sha256}"))
    files = [[name, str(recorded.sizes.get(name, "")), checksum] for name, checksum in recorded.files.items()]
    checksums = collapsible("files and their checksums", table(["file", "bytes", "sha256"], files)) if files else ""
    return facts(rows) + checksums


def _text(ancestor: Ancestor) -> str:
    """An ancestor by name and checksums."""
    return f"{ancestor.name}; weights sha256 {ancestor.weights}; data {ancestor.data or 'unknown'}"
