"""Programs beside the loop: started, ended when they take too long, and told of when they fail."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.errand import Errands
from agent.jobs import Due

DUE = Due(0, 60.0)


@pytest.fixture
def errands() -> Iterator[Errands]:
    made = Errands()
    yield made
    made.close()


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Give a module by its text; errands find it where they find ours."""
    monkeypatch.setattr("agent.errand.TOP", tmp_path)

    def make(text: str) -> list[str]:
        (tmp_path / "job.py").write_text(text)
        return ["job"]

    return make


def failures(errands: Errands, limit_s: float = 60.0) -> list[str]:
    """Look until nothing runs, and return what went wrong."""
    found: list[str] = []
    end_s = time.monotonic() + limit_s
    while errands._running:
        assert time.monotonic() < end_s
        found += [f"{name} {due.moment_s}: {error}" for name, due, error in errands.failures()]
        time.sleep(0.01)
    return found


def test_errand_runs_beside_and_is_no_failure_when_it_ends_well(
    errands: Errands, program: Callable[[str], list[str]], tmp_path: Path
) -> None:
    assert errands.start(
        "report", [*program("import sys; open(sys.argv[1], 'w').write('done')"), str(tmp_path / "f")], DUE
    )
    assert failures(errands) == []
    assert (tmp_path / "f").read_text() == "done"


def test_errand_is_not_started_while_the_one_before_runs(errands: Errands, program: Callable[[str], list[str]]) -> None:
    sleepy = program("import time; time.sleep(300)")
    assert errands.start("report", sleepy, DUE)
    assert not errands.start("report", sleepy, DUE)
    assert errands.start("cleanup", sleepy, DUE)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("raise SystemExit(75)", "report 0: report ended with status 75"),
        ("raise ValueError", "report 0: report ended with status 1"),
        ("import os; os.abort()", "report 0: report was ended by signal 6"),
    ],
)
def test_errand_that_fails_is_told_of_once(
    errands: Errands, program: Callable[[str], list[str]], text: str, words: str
) -> None:
    errands.start("report", program(text), DUE)
    (failure,) = failures(errands)
    assert failure.startswith(words)
    assert errands.start("report", program("pass"), DUE)
    assert failures(errands) == []


def test_errand_that_hangs_is_ended_at_its_deadline(program: Callable[[str], list[str]]) -> None:
    now_s = [100.0]
    errands = Errands(lambda: now_s[0])
    # It minds no polite signal.
    text = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
    errands.start("report", program(text), DUE._replace(deadline_s=5.0))
    pid = errands._running["report"][0]
    now_s[0] += 4.9
    assert list(errands.failures()) == []
    now_s[0] += 0.2
    (failure,) = failures(errands)
    assert "was ended by signal 9" in failure
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_errands_end_with_the_process_of_the_bot(program: Callable[[str], list[str]]) -> None:
    errands = Errands()
    errands.start("report", program("import time; time.sleep(300)"), DUE)
    pid = errands._running["report"][0]
    errands.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
