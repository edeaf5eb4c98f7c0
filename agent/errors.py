"""The errors of moss, each with who should act on it and the exit status it ends a command with."""


class MossError(Exception):
    """Whatever moss knows how to say in one line; the base of every error here."""

    exit_status = 1

    @property
    def kind(self) -> str:
        """The name of its class here; what is finer than these is nobody's business outside."""
        return next(each.__name__ for each in type(self).__mro__ if each.__module__ == __name__)


class UsageError(MossError):
    """The command was called wrongly: the caller mends the arguments."""

    exit_status = 2


class BadInput(MossError):
    """A file or a text given to a command cannot be used: its owner mends the named file and line."""


class FolderError(MossError):
    """The data folder cannot be used: its owner mends the path, the permissions or the disk."""


class ConfigError(MossError):
    """The configuration is wrong: its owner mends the named key and line."""

    exit_status = 78


class Busy(MossError):
    """Another process holds what is needed: wait, or end the one that is named."""

    exit_status = 75


class Stopped(MossError):
    """A stop was asked for while the network was waited for: nobody acts, the process ends cleanly."""

    exit_status = 0


class Unreachable(MossError):
    """Nothing, or nothing useful, answered: moss tries again later by itself.

    Arguments:
        message: one sentence for people.
        wait_s: how long the other side asked to be left alone, None if it did not say.
        status: the HTTP status, None if there was no answer.
    """

    exit_status = 75

    def __init__(self, message: str, wait_s: float | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s
        self.status = status


class Refused(Unreachable):
    """The other side understood and said no (4xx): asking the same again soon is pointless."""


class Unusable(MossError):
    """There was an answer and it cannot be used: the source changed or something stands in between."""
