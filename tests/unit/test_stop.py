"""What a stop signal does, and what it must not do."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

import pytest

from agent.errors import Stopped
from agent.stop import Stop
from tests.fakes.stop import installed


@pytest.fixture
def stop() -> Iterator[Stop]:
    with installed() as made:
        yield made


# What is ended at once would else last LONG_S; a busy machine may take some of AT_ONCE_S.
LONG_S, AT_ONCE_S = 60, 20


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


def send_later(number: signal.Signals, delay_s: float) -> threading.Timer:
    timer = threading.Timer(delay_s, send, [number])
    timer.start()
    return timer


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_only_notes_the_signal_when_it_comes_outside(stop: Stop, number: signal.Signals) -> None:
    assert not stop.asked
    send(number)
    assert stop.asked


def test_wait_lasts_its_time_when_nothing_comes(stop: Stop) -> None:
    began_s = time.monotonic()
    stop.wait(0.1)
    assert 0.1 <= time.monotonic() - began_s < AT_ONCE_S


def test_wait_ends_at_once_when_a_signal_comes(stop: Stop) -> None:
    timer = send_later(signal.SIGTERM, 0.1)
    began_s = time.monotonic()
    stop.wait(LONG_S)
    assert time.monotonic() - began_s < AT_ONCE_S
    assert stop.asked
    timer.join()


def test_wait_ends_at_once_when_the_signal_came_before(stop: Stop) -> None:
    send(signal.SIGTERM)
    began_s = time.monotonic()
    stop.wait(LONG_S)
    assert time.monotonic() - began_s < AT_ONCE_S


def test_wait_goes_on_when_the_signal_was_another(stop: Stop) -> None:
    previous = signal.signal(signal.SIGUSR1, lambda _number, _frame: None)
    timer = send_later(signal.SIGUSR1, 0.05)
    began_s = time.monotonic()
    stop.wait(0.3)
    assert time.monotonic() - began_s >= 0.3
    timer.join()
    signal.signal(signal.SIGUSR1, previous)


def test_wait_ends_at_once_when_a_reload_is_asked_for(stop: Stop) -> None:
    stop.reload_asked = True
    began_s = time.monotonic()
    stop.wait(LONG_S)
    assert time.monotonic() - began_s < AT_ONCE_S


def test_wait_inside_a_call_lasts_its_time_when_a_reload_is_asked_for(stop: Stop) -> None:
    stop.reload_asked = True
    began_s = time.monotonic()
    with stop.interruptible():
        stop.wait(0.2)
    assert time.monotonic() - began_s >= 0.2


def test_interruptible_raises_at_once_when_a_signal_comes(stop: Stop) -> None:
    timer = send_later(signal.SIGTERM, 0.1)
    began_s = time.monotonic()
    with pytest.raises(Stopped), stop.interruptible():
        time.sleep(LONG_S)
    assert time.monotonic() - began_s < AT_ONCE_S
    timer.join()


def test_interruptible_raises_at_once_when_the_signal_came_before(stop: Stop) -> None:
    send(signal.SIGINT)
    with pytest.raises(Stopped), stop.interruptible():
        pytest.fail("went in")


def test_signal_raises_nothing_when_the_interruptible_part_is_over(stop: Stop) -> None:
    with stop.interruptible():
        pass
    send(signal.SIGTERM)
    assert stop.asked


def test_second_signal_raises_nothing_when_the_first_is_being_cleaned_up(stop: Stop) -> None:
    cleaned = []

    def interrupted() -> None:
        try:
            send(signal.SIGTERM)
        finally:
            send(signal.SIGTERM)
            cleaned.append("done")

    with pytest.raises(Stopped), stop.interruptible():
        interrupted()
    assert cleaned == ["done"]


class Door:
    """A context manager that is sent a signal while it is being entered or left."""

    def __init__(self) -> None:
        self.taken = False

    def __enter__(self) -> None:
        self.taken = True
        os.kill(os.getpid(), signal.SIGTERM)

    def __exit__(self, *details: object) -> None:
        self.taken = False


def test_stop_waits_when_a_context_manager_is_being_entered(stop: Stop) -> None:
    door = Door()
    with stop.interruptible(), door:
        assert door.taken
    assert not door.taken
    assert stop.asked


def test_wait_needs_no_signals_when_it_is_not_installed() -> None:
    stop = Stop()
    began_s = time.monotonic()
    stop.wait(0.05)
    assert time.monotonic() - began_s >= 0.05


def test_stop_only_notes_the_signal_when_it_interrupts_a_handler(stop: Stop) -> None:
    def tick(_number: int, _frame: FrameType | None) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    previous = signal.signal(signal.SIGUSR1, tick)
    with stop.interruptible():
        os.kill(os.getpid(), signal.SIGUSR1)
    assert stop.asked
    signal.signal(signal.SIGUSR1, previous)
