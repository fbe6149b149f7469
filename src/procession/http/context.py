"""What every handler is given: the running application and who asks."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from procession.domain.principal import Principal
from procession.http.auth import principal
from procession.wiring import Application


def application(request: Request) -> Application:
    return cast(Application, request.app.state.application)


App = Annotated[Application, Depends(application)]
Asker = Annotated[Principal, Depends(principal)]
