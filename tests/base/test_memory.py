"""Free memory under control groups of both versions, and what a process holds."""

from pathlib import Path

import pytest

from weftnet.base import memory

MB = 1_000_000


def machine(root: Path, available: int, cgroup: str) -> Path:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/meminfo").write_text(
        f"MemTotal: 99999 kB\nMemAvailable: {available // 1000} kB\nHugePages_Total: 0\n"
    )
    (root / "proc/self/cgroup").write_text(cgroup)
    return root


def group(folder: Path, names: tuple[str, str, str], limit: str, used: int, cached: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[0]).write_text(limit + "\n")
    (folder / names[1]).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {cached}\n")


SECOND = ("memory.max", "memory.current", "inactive_file")
FIRST = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def test_without_groups_it_is_what_the_system_has_available(tmp_path: Path) -> None:
    assert memory.free(machine(tmp_path, 50 * MB, "")) == 50 * MB // 1000 * 1024


@pytest.mark.parametrize(
    ("line", "mount", "names"), [("0::/jobs/mine", "", SECOND), ("4:cpu,memory:/jobs/mine", "memory", FIRST)]
)
def test_the_tightest_group_decides(line: str, mount: str, names: tuple[str, str, str], tmp_path: Path) -> None:
    root = machine(tmp_path, 500 * MB, f"9:name=systemd:/\n{line}\n")
    base = tmp_path / "sys/fs/cgroup" / mount
    group(base / "jobs/mine", names, "max" if not mount else str(2**63 - 4096), 30 * MB, 0)
    group(base / "jobs", names, str(100 * MB), 70 * MB, 20 * MB)
    assert memory.free(root) == 50 * MB  # 100 allowed, 70 used, of which 20 can be dropped
    group(base / "jobs/mine", names, str(40 * MB), 41 * MB, 0)
    assert memory.free(root) == 0


def test_a_process_holds_what_it_writes() -> None:
    before = memory.held()
    block = bytearray(b"x" * (64 << 20))
    assert before + (50 << 20) < memory.held() < before + (200 << 20)
    assert block[-1]
    assert memory.held(2**22 + 1) == 0  # there is no such process


def test_here_some_memory_is_free() -> None:
    assert 10_000_000 < memory.free() < 2**50
