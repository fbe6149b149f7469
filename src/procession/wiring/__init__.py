"""The one place that names concrete classes: builds a process for its role, starts it, drains it."""

from procession.services.fleet import Role
from procession.wiring.ai import ai_prices, ai_providers
from procession.wiring.backends import (
    bell,
    database,
    key_store,
    objects,
    prepared,
    redis_options,
    require_apart,
    require_shared_keys,
)
from procession.wiring.process import KEYS_BESIDE_RECORDS, Process
from procession.wiring.replaying import Replaying
from procession.wiring.roles import Api, Application, Costs, Maintenance, Worker, build, build_role, require_shared

__all__ = [
    "KEYS_BESIDE_RECORDS",
    "Api",
    "Application",
    "Costs",
    "Maintenance",
    "Process",
    "Replaying",
    "Role",
    "Worker",
    "ai_prices",
    "ai_providers",
    "bell",
    "build",
    "build_role",
    "database",
    "key_store",
    "objects",
    "prepared",
    "redis_options",
    "require_apart",
    "require_shared",
    "require_shared_keys",
]
