"""When a signal handler may raise: an exception out of nowhere must leave no lock taken and no clean-up undone."""

from types import FrameType

_DELICATE = frozenset(
    {
        # `with` has not got hold of what is being entered yet, or no more of what is being left.
        "__enter__",
        "__exit__",
        # Finalizers, where Python ignores errors.
        "__call__",
        "__del__",
        # Our own handlers: one may be interrupted by the next signal before it has noted what it is there for.
        "_note",
        "tick",
        "check",
        "delicate",
    }
)


def delicate(frame: FrameType | None) -> bool:
    """Tell whether raising has to wait for the next occasion; by name, since too often costs only one more tick.

    Arguments:
        frame: what the signal interrupted, as its handler was given it.
    """
    return frame is not None and frame.f_code.co_name in _DELICATE
