"""What every handler is given: the running application and who asks."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from procession.domain.principal import Principal
from procession.http.auth import principal
from procession.wiring import Api

# async, though nothing is awaited: the framework runs plain functions in another thread, which costs more than they do


async def application(request: Request) -> Api:
    return cast(Api, request.app.state.application)


async def asker(request: Request) -> Principal:
    return principal(request)


App = Annotated[Api, Depends(application)]
Asker = Annotated[Principal, Depends(asker)]
