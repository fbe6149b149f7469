"""The providers of AI that the settings name, and what they charge. Without one, nothing here is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from procession.domain.clock import Clock, system_clock
from procession.domain.errors import InvalidRequest
from procession.settings import Settings

if TYPE_CHECKING:
    from procession.ai.prices import PriceCatalogue
    from procession.ai.protocol import Provider
    from procession.maintenance.contract import Loop
    from procession.sandbox.client import Sandbox
    from procession.wiring.process import Process
    from procession.worker.executor import Asks


def ai_providers(settings: Settings) -> dict[str, Provider]:
    """By name, first choice first, none connected yet; empty without AI. Raises InvalidRequest when a key is missing.

    To be called where an event loop runs, and each closed by whoever called.
    """
    if not settings.ai.endpoints:
        return {}
    from procession.ai.openai import Endpoint, OpenAIProvider  # only here: the SDK takes a second to load

    try:
        endpoints = [Endpoint.of(provider, settings.ai) for provider in settings.ai.endpoints]
    except ValueError as error:
        raise InvalidRequest(f"ai.providers: {error}.") from None
    return {endpoint.name: OpenAIProvider(endpoint) for endpoint in endpoints}


def ai_prices(settings: Settings, clock: Clock = system_clock) -> PriceCatalogue | None:
    """What the configured models cost; None without AI. Raises InvalidRequest when nobody knows it of one."""
    if not settings.ai.endpoints:
        return None
    from procession.ai.prices import NoPrice, PriceCatalogue

    catalogue = PriceCatalogue(settings.ai.endpoints)
    try:
        catalogue.check(clock())
    except NoPrice as error:
        raise InvalidRequest(f"ai.providers: {error}") from None
    return catalogue


def asks(process: Process, sandbox: Sandbox) -> Asks | None:
    """What a worker does after the engine; None without AI."""
    if not process.settings.ai.endpoints:
        return None
    from procession.worker.ai_pass import AiPass

    return AiPass(process.foundation, sandbox.render)


def asking(process: Process) -> tuple[Loop, ...]:
    """The loops that ask providers and find out what lost answers cost; without AI, what ends the parked.

    Raises InvalidRequest when nobody knows what a model costs.
    """
    settings = process.settings
    prices = ai_prices(settings, process.foundation.clock)
    if prices is None:
        from procession.maintenance.ai_leftovers import AiLeftovers

        return (AiLeftovers(process.foundation, process.models, process.fleet.id),)
    from procession.maintenance.ai_dispatcher import AiDispatcher
    from procession.maintenance.ai_reconciler import AiReconciler
    from procession.services.ai_calls import Calls
    from procession.services.ai_routes import Routes

    on, registry, owner = process.foundation, process.models, process.fleet.id
    routes = Routes(lambda: ai_providers(settings), prices)
    calls = Calls(on, routes, registry, owner)
    return AiDispatcher(on, routes, calls, registry, owner), AiReconciler(on, routes)
