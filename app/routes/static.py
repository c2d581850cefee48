"""The stylesheet: read once, sent compressed where the browser takes that, never cached.

It is the same for everybody and holds no secret, so compressing it gives nothing away; pages, which
hold some, go out as they are.
"""

import gzip
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from resources import resource

router = APIRouter()

_STYLESHEET: Final = (resource("static") / "candor.css").read_bytes()
_COMPRESSED: Final = gzip.compress(_STYLESHEET, compresslevel=9, mtime=0)


@router.get("/static/candor.css")
def stylesheet(request: Request) -> Response:
    """Send the stylesheet."""
    takes_gzip = "gzip" in request.headers.get("accept-encoding", "")
    response = Response(_COMPRESSED if takes_gzip else _STYLESHEET, media_type="text/css")
    response.headers["Vary"] = "Accept-Encoding"
    if takes_gzip:
        response.headers["Content-Encoding"] = "gzip"
    return response


@router.get("/favicon.ico")
def icon() -> Response:
    """Have no icon: browsers ask for one unasked, and keep what they get beside the address."""
    return Response(status_code=204)
