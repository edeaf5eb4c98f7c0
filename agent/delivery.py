"""JSON posted once, and what an answer that is no 2xx comes down to."""

from agent.block import told_wait_s
from agent.errors import MossError, Refused, Unreachable, Unusable
from agent.fetch import Answer, Fetcher

_ANSWER_BYTES_MAX = 262_144
_UNTOLD_WAIT_S = 60.0


def post(fetcher: Fetcher, url: str, content: str, name: str, deadline_s: float) -> Answer:
    """Post it, and return whatever was answered.

    It is sent once: where no answer comes it may have been taken, and whether to send it again is for the caller to
    decide.

    Arguments:
        content: JSON.
        name: what messages call the place, since the address may hold a secret.
    Raises: Unreachable, Unusable, Stopped.
    """
    return fetcher.get(
        url,
        method="POST",
        body=content.encode(),
        headers={"Content-Type": "application/json; charset=utf-8"},
        deadline_s=deadline_s,
        size_bytes_max=_ANSWER_BYTES_MAX,
        attempts_max=1,
        name=name,
    )


def refusal(name: str, answer: Answer, now_s: float, why: str = "", wait_s: float | None = None) -> MossError | None:
    """Return what is wrong with an answer by its status; None for 2xx.

    Arguments:
        now_s: this machine's time.
        why: in its own words.
        wait_s: how long it asks to be left alone; its Retry-After where None.
    """
    status = answer.status
    if 200 <= status < 300:
        return None
    message = f"{name} answered {status}{why and f', {why}'}"
    wait_s = told_wait_s(answer.headers, now_s) if wait_s is None else wait_s
    if status == 429:
        return Unreachable(message, _UNTOLD_WAIT_S if wait_s is None else wait_s, status)
    if status >= 500:
        return Unreachable(message, wait_s, status)
    return Refused(message, status=status) if status >= 400 else Unusable(message)
