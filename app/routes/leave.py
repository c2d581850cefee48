"""Leave now: one plain link on every page."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.dependencies import LanguageDep, see_other
from app.pages import page
from app.session import clear_session
from app.state import ServiceDep

router = APIRouter(prefix="/{lang}")


@router.get("/leave")
def leave(service: ServiceDep, language: LanguageDep) -> Response:
    """End the session and go where nothing shows what was here.

    The cache is not cleared: nothing of ours is in it, and browsers take seconds to search it.
    """
    response = see_other(service.settings.leave_to or f"/{language.code}/left")
    clear_session(response)
    response.headers["Clear-Site-Data"] = '"cookies", "storage"'
    return response


@router.get("/left")
def left(request: Request, language: LanguageDep) -> HTMLResponse:
    """Show a page that says nothing about this service."""
    return page(request, language, "left.html", here="left")
