"""What every answer carries, and which requests are refused before any page sees them.

A request must name an origin of the roster, and a post must come from our own page. The second is
the algorithm of Go's `http.CrossOriginProtection`: Sec-Fetch-Site where the browser sends it, else
Origin against Host, else the sender is no browser. It needs no token, so nothing ties two pages
together; the cookie's SameSite=Strict stands behind it.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.body_watch import BodyWatch
from app.errors import Reason
from app.pages import problem_page
from app.state import service_of

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), bluetooth=(), browsing-topics=(), camera=(), display-capture=(), "
        "fullscreen=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), "
        "midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), "
        "usb=(), web-share=(), "
        "xr-spatial-tracking=()"
    ),
    # no-referrer would make Firefox send `Origin: null` with our own forms
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # nothing of a visit stays in a browser's cache, the stylesheet included
    "Cache-Control": "no-store",
}

_PUBLIC: Final = ("/static/", "/log/", "/forms/", "/roster.json")
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Shield:
    """Refuse foreign hosts and cross-site posts, and give every answer its headers.

    Where the service may be reached, the roster in force lists. Once it has expired, every page
    says that the service is closed; what strangers verify is still there.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        request = Request(scope)
        service = service_of(request)
        places = [tuple(origin.lower().split("://")) for origin in service.roster.origins]
        headers = Headers(scope=scope)
        body = BodyWatch(headers, receive)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer.update(SECURITY_HEADERS)
                if ("https", headers.get("host", "").lower()) in places:
                    _secure_cookies(answer)
                body.mark(answer)
            await send(message)

        reason = _objection(scope["method"], headers, {host for _, host in places})
        if reason is None and service.is_closed and not _stays_open(scope["path"]):
            reason = Reason.ROSTER_EXPIRED
        app = self._app if reason is None else problem_page(request, reason)
        await app(scope, body.receive, send_guarded)


def _objection(method: str, headers: Headers, hosts: AbstractSet[str]) -> Reason | None:
    named = headers.getlist("host")
    if len(named) != 1 or named[0].lower() not in hosts:
        return Reason.UNKNOWN_HOST
    return None if is_same_origin(method, headers) else Reason.CROSS_SITE


def _stays_open(path: str) -> bool:
    """Tell what a closed service still answers: the style, the way out, and its public record."""
    return path.startswith(_PUBLIC) or path.endswith(("/leave", "/left", "/log"))


def is_same_origin(method: str, headers: Headers) -> bool:
    """Tell whether a request comes from our own page, or from no browser at all.

    Source: Go 1.25, net/http `CrossOriginProtection.Check`.
    """
    if method in _SAFE_METHODS:
        return True
    site = headers.get("sec-fetch-site", "")
    if site:
        return site in {"same-origin", "none"}
    origin = headers.get("origin", "")
    if not origin:
        return True
    try:
        return urlsplit(origin).netloc == headers.get("host", "")
    except ValueError:
        return False


def _secure_cookies(answer: MutableHeaders) -> None:
    """Keep cookies of an https origin off plain http, where somebody on the way could force it."""
    cookies = answer.getlist("set-cookie")
    del answer["set-cookie"]
    for cookie in cookies:
        answer.append("set-cookie", f"{cookie}; Secure")
