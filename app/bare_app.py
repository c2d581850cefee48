"""An application that has nothing that FastAPI adds by itself."""

from fastapi import FastAPI


def bare_app() -> FastAPI:
    """Make an application without pages, redirects and telemetry of its own."""
    return FastAPI(
        title="",
        # the interactive pages load scripts from elsewhere; the schema says more than any page
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # the slash redirect is absolute and repeats the Host header
        redirect_slashes=False,
        # every part, whatever the environment asks for: telemetry can see bodies
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
            "exclude": lambda _scope: True,
        },
    )
