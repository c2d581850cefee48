"""What most services do: take a file by `UploadFile`, in the clear, and copy it to its place.

`python -m benchmarks.clear_endpoint PORT DIRECTORY`
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import uvicorn
from fastapi import FastAPI, File, Form, UploadFile
from starlette.responses import RedirectResponse

COPY_BYTES = 1 << 20
DIRECTORY = Path(sys.argv[2]) if len(sys.argv) > 2 else Path()

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)


@app.post("/upload")
def upload(
    what_happened: Annotated[str, Form(alias="text")], file: Annotated[UploadFile, File()]
) -> RedirectResponse:
    """Copy the file, fsynced, to its place; in a thread, as FastAPI runs such an endpoint."""
    place = DIRECTORY / uuid4().hex
    with place.open("xb") as out:
        shutil.copyfileobj(file.file, out, COPY_BYTES)
        out.flush()
        os.fsync(out.fileno())
    place.with_suffix(".txt").write_text(what_happened)
    return RedirectResponse("/sent", status_code=303)


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        log_level="error",
        access_log=False,
    )
