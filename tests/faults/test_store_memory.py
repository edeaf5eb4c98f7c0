"""What each way of using a store takes of memory does not depend on how much is in it."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from store import Store
from tests.faults.store_rotation import compress, rotate

ROOT = Path(__file__).resolve().parents[2]
RATIO_MAX = 1.25
SEGMENT_RECORDS, SEGMENTS = 700, 4
"""Of the small store; the large one has eight times as many, and one compressed segment as long as the small store."""

WAYS = {
    "scan": "from store import scan\nfor _ in scan(path): pass",
    "range": "from store import scan\nfor _ in scan(path, '2026-11-21T00:00:05Z', '2026-11-30'): pass",
    "tail": "from store import tail\nassert len(tail(path, 200)) == 200",
    "newest": "from store import newest\nfor _ in newest(path): pass",
    "follow": "from store import follow\nfor _ in follow(path, wait=lambda _: True): pass",
    "verify": "from store import verify\nassert verify(path).ok",
    "stats": "from store.__main__ import main\nassert main(['stats', folder]) == 0",
    "backup": "from store.backup import backup\nbackup(folder, out)",
    "second": "from store.backup import backup\nbackup(folder, out)\nassert backup(folder, out).copied == 0",
    "archive": "from store.backup import backup\nbackup(folder, out + '.tar.gz')",
    "restore": "from store.restore import restore\nrestore(folder + '.tar', out)",
    "prune": "from datetime import *\nfrom store.prune import prune\n"
    "assert list(prune(folder, folder + '.backups', 1, now=datetime(2027, 1, 1, tzinfo=UTC), is_trial=True))",
    "csv": "from store.export import export\nexport(path, out + '.csv')",
    "sqlite": "from store.export import export\nexport(path, out + '.sqlite')",
    "parquet": "from store import export, parquet_table\nparquet_table._ROWS_A_GROUP = 500\n"
    "export.export(path, out + '.parquet')",
    "append": "from store import Store\nwith Store(path) as store: store.append({'ts': '2026', 'kind': 'test'})",
}
HOLDING_ALL = "from store import scan\nrecords = list(scan(path))"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A small store and one eight times as large, each with a backup."""
    from store.backup import backup

    made = []
    for size, factor in (("small", 1), ("large", 8)):
        folder = tmp_path_factory.mktemp(size) / "data"
        folder.mkdir()
        lengths = [SEGMENT_RECORDS * SEGMENTS] * (factor // 2) + [SEGMENT_RECORDS] * (SEGMENTS * factor // 2)
        for epoch, length in enumerate(lengths):
            with Store(folder / "prices.jsonl", durable=False) as store:
                store.append_many(
                    {"ts": f"2026-11-21T00:{epoch:02d}:00.000Z", "kind": "test", "n": n, "x": f"{n:0300d}"}
                    for n in range(length)
                )
            segment = rotate(folder / "prices.jsonl", epoch)
            if epoch % 2 == 0:
                compress(segment)
        with Store(folder / "prices.jsonl") as store:
            store.append_many({"ts": "2026-11-21T01:00:00.000Z", "kind": "test", "n": n} for n in range(300))
        backup(folder, f"{folder}.tar")
        backup(folder, f"{folder}.backups")
        made.append(folder)
    return made[0], made[1]


def peak_kib(code: str, folder: Path, out: Path) -> int:
    """Return the peak resident memory of a fresh interpreter that runs the code."""
    begin = "import sys\nfolder, out = sys.argv[1:]\npath = folder + '/prices.jsonl'"
    end = "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])"
    command = [sys.executable, "-c", f"{begin}\n{code}\n{end}", str(folder), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return int(done.stdout.splitlines()[-1])


def growth(code: str, folders: tuple[Path, Path], tmp_path: Path) -> float:
    small_kib, large_kib = (peak_kib(code, folder, tmp_path / str(at)) for at, folder in enumerate(folders))
    sys.stdout.write(f"{small_kib} KiB for the small store, {large_kib} KiB for the large one\n")
    return large_kib / small_kib


@pytest.mark.parametrize("way", WAYS)
def test_memory_does_not_grow_with_the_store(folders: tuple[Path, Path], tmp_path: Path, way: str) -> None:
    if way == "parquet" and importlib.util.find_spec("pyarrow") is None:
        pytest.skip("needs pyarrow, which requirements-dev.lock brings")
    assert growth(WAYS[way], folders, tmp_path) < RATIO_MAX


def test_memory_grows_with_the_store_where_all_is_held(folders: tuple[Path, Path], tmp_path: Path) -> None:
    assert growth(HOLDING_ALL, folders, tmp_path) > RATIO_MAX
