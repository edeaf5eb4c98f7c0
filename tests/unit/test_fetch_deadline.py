"""The ticking timer: it ends what hangs, and leaves nothing behind."""

import signal
import threading
import time

import pytest

from agent.deadline import TICK_S, DeadlinePassed, deadline

# What the deadline ends would else last LONG_S; a busy machine may notice it late.
LONG_S, SOON_S = 60, 20


def assert_nothing_left() -> None:
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL


def test_deadline_ends_what_hangs_when_the_time_is_over() -> None:
    began_s = time.monotonic()
    with pytest.raises(DeadlinePassed), deadline(0.1):
        time.sleep(LONG_S)
    assert 0.1 <= time.monotonic() - began_s < SOON_S
    assert_nothing_left()


def test_deadline_does_nothing_when_the_time_suffices() -> None:
    with deadline(LONG_S) as check:
        check()
        time.sleep(3 * TICK_S)
    assert_nothing_left()


def test_deadline_raises_again_when_the_first_is_swallowed() -> None:
    def swallow() -> None:
        try:
            time.sleep(LONG_S)
        except BaseException:  # noqa: BLE001 - a library that swallows everything
            time.sleep(LONG_S)

    began_s = time.monotonic()
    with pytest.raises(DeadlinePassed), deadline(0.1):
        swallow()
    assert time.monotonic() - began_s < SOON_S
    assert_nothing_left()


def test_deadline_passes_by_when_libraries_catch_every_exception() -> None:
    def catch() -> None:
        try:
            time.sleep(LONG_S)
        except Exception:  # noqa: BLE001 - a library that catches what it can
            pytest.fail("was caught")

    with pytest.raises(DeadlinePassed), deadline(0.1):
        catch()


def test_error_inside_goes_out_when_the_time_suffices() -> None:
    with pytest.raises(ZeroDivisionError), deadline(LONG_S):
        _ = 1 / 0
    assert_nothing_left()


def test_check_raises_when_there_is_no_timer_beside_the_main_thread() -> None:
    seen: list[str] = []

    def work() -> None:
        try:
            with deadline(LONG_S) as check:
                check()
            with deadline(0.05) as check:
                time.sleep(0.1)
                seen.append("slept")
                check()
        except DeadlinePassed:
            seen.append("passed")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == ["slept", "passed"]


class SlowToLeave:
    """A context manager whose leaving takes longer than the deadline allows."""

    def __init__(self) -> None:
        self.left = False

    def __enter__(self) -> None:
        return

    def __exit__(self, *details: object) -> None:
        time.sleep(0.2)
        self.left = True


def test_deadline_waits_when_a_context_manager_is_being_left() -> None:
    slow = SlowToLeave()

    def leave() -> None:
        with slow:
            pass
        time.sleep(LONG_S)

    began_s = time.monotonic()
    with pytest.raises(DeadlinePassed), deadline(0.1):
        leave()
    assert slow.left
    assert time.monotonic() - began_s < SOON_S
