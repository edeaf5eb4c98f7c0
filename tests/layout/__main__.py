"""`python -m tests.layout`: every check of the source, one line for each broken rule; `make check` runs it."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.layout import budget, imports, purity, rotation
from tests.layout.source import Violation, read_project


def main() -> int:
    """Print what is broken and what was counted; 1 if anything is broken."""
    project = read_project()
    found = [*imports.violations(project), *purity.violations(project), *budget.violations(project), *_rotation()]
    for violation in found:
        print(violation)
    for count in budget.counts(project):
        print(count)
    print(f"{len(project)} modules, {len(found)} broken rules")
    return 1 if found else 0


def _rotation() -> Iterator[Violation]:
    if not rotation.CONFIG.exists():
        yield Violation("logrotate/moss", "is not there")
        return
    yield from rotation.violations(rotation.CONFIG.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        objection = rotation.rejected(rotation.CONFIG, Path(folder))
    if objection is None:
        print("logrotate is not installed here (Debian: apt-get install logrotate); only the text was checked")
    elif objection:
        yield Violation("logrotate/moss", f"logrotate refuses it: {objection}")


if __name__ == "__main__":
    sys.exit(main())
