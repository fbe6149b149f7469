"""Probes: alive (this process answers), ready (it can take uploads), health (both, in words)."""

from __future__ import annotations

import asyncio
import shutil

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from starlette.responses import JSONResponse, Response

from procession import __version__
from procession.domain.errors import ProcessionError
from procession.http.context import App
from procession.wiring import Process

CHECK_SECONDS_MAX = 2.0


class Check(BaseModel):
    model_config = ConfigDict(frozen=True)
    ok: bool
    detail: str = ""


class Health(BaseModel):
    """`status` is `ok`; `degraded`: work is taken and done, with less than there should be; or `unavailable`.

    What is wrong stands in `checks`.
    """

    model_config = ConfigDict(frozen=True)
    status: str
    version: str
    checks: dict[str, Check]


async def livez() -> Response:
    """This process answers."""
    return JSONResponse({"status": "ok"})


async def readyz(application: App) -> Response:
    """The database and the disk take new work: 200, else 503."""
    return await health(application)


async def health(application: App) -> Response:
    """Everything an upload needs, checked now. 503 with the reasons when something is missing."""
    return await of_process(application)


async def of_process(process: Process) -> Response:
    """See ``health``: the same of a process of any role."""
    checks = {"database": await _database(process), "disk": _disk(process)}
    ok = all(check.ok for check in checks.values())
    degraded = process.dispatcher.trouble is not None
    if degraded:  # no reason to send uploads elsewhere
        checks["redis"] = Check(ok=False, detail="Redis is away, work is found in SQL; the log says why")
    status = "unavailable" if not ok else "degraded" if degraded else "ok"
    body = Health(status=status, version=__version__, checks=checks)
    return JSONResponse(body.model_dump(mode="json"), 200 if ok else 503, headers={} if ok else {"Retry-After": "5"})


async def _database(process: Process) -> Check:
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            await process.store.read(lambda connection: connection.execute(text("SELECT 1")).scalar())
    except TimeoutError:
        return Check(ok=False, detail=f"no answer within {CHECK_SECONDS_MAX:g} s")
    except ProcessionError as error:
        return Check(ok=False, detail=error.message)
    return Check(ok=True)


def _disk(process: Process) -> Check:
    least = process.settings.http.disk_free_bytes_min
    try:
        free = shutil.disk_usage(process.settings.data).free
    except OSError:
        return Check(ok=False, detail="the data folder cannot be read")
    return Check(ok=free >= least, detail="" if free >= least else f"less than {least} bytes free")
