"""A visitor's connection, which has to ask something before long: one that only sits there is let go."""

from asyncio import Transport
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S_MAX = 30.0


class Connection(H11Protocol):
    """HTTP as the server speaks it, with an end to waiting for the first request."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.loop.call_later(HEAD_S_MAX, self._give_up)

    def _give_up(self) -> None:
        # Of a WebSocket this is no longer the protocol.
        transport: Any = self.transport
        if self.cycle is None and transport.get_protocol() is self:
            transport.close()
