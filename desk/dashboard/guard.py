"""Who may ask: the owner's own browser and scripts, by the right name, from no other page, with the token if any."""

import hmac
import re
from collections.abc import Callable, Collection
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from desk.dashboard.answer import refuse

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
COOKIE = "moss-desk"
TOKEN_LENGTH_MIN = 16
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?", re.ASCII)
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Stands before the application and lets nothing through that a stranger could have sent.

    Arguments:
        names: the hosts that visitors may write in their address bar, beside those of this machine itself.
        token: what a visitor has to show; "" where none is asked for.
        visited: called for each request that was let through.
    """

    def __init__(self, app: ASGIApp, names: Collection[str], token: str, visited: Callable[[], object]) -> None:
        self._app = app
        self._names = {*LOOPBACK, *(name.lower() for name in names)}
        self._token = token.encode()
        self._pass = hmac.new(self._token, b"moss desk cookie", sha256).hexdigest()
        self._visited = visited

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            self._visited()
            await self._app(scope, receive, send_guarded)
        elif scope["type"] == "http":
            await refusal(scope, receive, send_guarded)
        else:
            await _refuse_socket(refusal, send_guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        found = _HOST.fullmatch(hosts[0].lower()) if len(hosts) == 1 else None
        if found is None:
            return refuse(400, "a request needs one Host, such as localhost:8001")
        if found[1] not in self._names:
            return refuse(403, f"this desk is not {found[1]}; start it with --name {found[1]} if it should be")
        if not _is_own(headers, hosts[0].lower()):
            return refuse(403, "another page asked for this, and may not have it")
        if self._token and not self._is_known(headers):
            return self._greet(scope)
        return None

    def _is_known(self, headers: Headers) -> bool:
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self._token):
            return True
        jar: SimpleCookie = SimpleCookie()
        try:
            jar.load(headers.get("cookie", ""))
        except CookieError:
            return False
        return COOKIE in jar and hmac.compare_digest(jar[COOKIE].value.encode(), self._pass.encode())

    def _greet(self, scope: Scope) -> Response:
        """Take the token out of an address into a cookie, or ask for it."""
        given = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        tokens = [value for name, value in given if name == "token"]
        if scope["type"] != "http" or not tokens or not hmac.compare_digest(tokens[0].encode(), self._token):
            why = "needs the token: once as /?token=..., or as the header Authorization: Bearer ..."
            return refuse(401, why, {"WWW-Authenticate": "Bearer"})
        rest = urlencode([(name, value) for name, value in given if name != "token"])
        # Never to where a path such as //other.example would lead.
        path = "/" + scope["raw_path"].decode("latin-1").lstrip("/\\")
        answer = Response(status_code=303, headers={"Location": path + (f"?{rest}" if rest else "")})
        is_https = Request(scope).headers.get("x-forwarded-proto", scope["scheme"]) == "https"
        answer.set_cookie(COOKIE, self._pass, httponly=True, samesite="strict", secure=is_https, max_age=31_536_000)
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _is_own(headers: Headers, host: str) -> bool:
    """Tell whether this comes from a page of ours, from the address bar, or from no browser."""
    origins = headers.getlist("origin")
    if origins:
        scheme, _, authority = origins[0].lower().partition("://")
        return len(origins) == 1 and scheme in ("http", "https") and authority == host
    is_elsewhere = headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
    return not is_elsewhere or headers.get("sec-fetch-mode") == "navigate"


async def _refuse_socket(refusal: Response, send: Send) -> None:
    await send({"type": "websocket.http.response.start", "status": refusal.status_code, "headers": refusal.raw_headers})
    await send({"type": "websocket.http.response.body", "body": refusal.body})
