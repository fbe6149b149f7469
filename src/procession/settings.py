"""Every setting, in nested models; unknown keys are errors. ``PROCESSION_*`` environment (``__`` nests) over TOML.

The TOML file is ``$PROCESSION_CONFIG`` or ``procession.toml`` in the working folder, when there is one.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from procession.domain.errors import InvalidRequest

MIB = 1024 * 1024

CLIENT_ENVIRONMENT = frozenset({"CONFIG", "SERVER", "API_KEY"})
"""``PROCESSION_*`` names that are no settings: where the settings are, and which server the client commands ask."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Upload(_Section):
    upload_bytes_max: Annotated[int, Field(gt=0)] = 50 * MIB
    files_per_batch_max: Annotated[int, Field(gt=0)] = 500
    batch_bytes_max: Annotated[int, Field(gt=0)] = 256 * MIB
    """All files of a batch sent in one request; larger batches send their files one by one."""
    file_name_characters_max: Annotated[int, Field(gt=0)] = 255
    bytes_in_flight_max: Annotated[int, Field(gt=0)] = 512 * MIB
    """Upload bytes held in memory at once by this process; past it, uploads are refused with 429."""
    idle_seconds_max: Annotated[float, Field(gt=0)] = 30.0
    """An upload that sends nothing for this long is given up."""


class Sandbox(_Section):
    """Limits of one child, which opens one document's page range."""

    pages_max: Annotated[int, Field(gt=0)] = 2000
    pages_per_child: Annotated[int, Field(gt=0)] = 50
    page_points_max: Annotated[float, Field(gt=0)] = 14_400.0
    """Longest side of a page: 200 inches, the PDF format's own limit."""
    page_pixels_max: Annotated[int, Field(gt=0)] = 40_000_000
    address_space_bytes: Annotated[int, Field(gt=0)] = 512 * MIB
    address_space_ocr_bytes: Annotated[int, Field(gt=0)] = 1024 * MIB
    cpu_seconds_base: Annotated[float, Field(gt=0)] = 20.0
    cpu_seconds_per_page: Annotated[float, Field(ge=0)] = 2.0
    wall_seconds_base: Annotated[float, Field(gt=0)] = 30.0
    wall_seconds_per_page: Annotated[float, Field(ge=0)] = 4.0
    document_wall_seconds_max: Annotated[float, Field(gt=0)] = 3600.0
    output_bytes_max: Annotated[int, Field(gt=0)] = 64 * MIB
    open_files_max: Annotated[int, Field(gt=0)] = 32


class Worker(_Section):
    slots: Annotated[int, Field(ge=0)] = 0
    """Documents analysed at once by this process; 0 means one per core."""
    lease_seconds: Annotated[float, Field(gt=0)] = 15.0
    heartbeat_seconds: Annotated[float, Field(gt=0)] = 5.0
    progress_seconds: Annotated[float, Field(gt=0)] = 0.5
    drain_seconds: Annotated[float, Field(ge=0)] = 20.0
    attempts_max: Annotated[int, Field(gt=0)] = 4
    retry_base_seconds: Annotated[float, Field(gt=0)] = 2.0
    retry_max_seconds: Annotated[float, Field(gt=0)] = 300.0


class Queue(_Section):
    waiting_max: Annotated[int, Field(gt=0)] = 10_000
    """Ready analyses of one tenant after which uploads are refused with 429."""
    ring_ahead_per_tenant: Annotated[int, Field(gt=0)] = 4
    rescue_seconds: Annotated[float, Field(gt=0)] = 2.0
    aging_seconds: Annotated[float, Field(gt=0)] = 600.0
    """Waiting this long lifts an analysis by one priority class."""


class Ocr(_Section):
    tessdata: str | None = None
    """Folder of ``*.traineddata``; looked for beside the package and in Debian's folders when not set."""
    dpi: Annotated[int, Field(ge=72, le=600)] = 200


class Http(_Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 3000
    public_url: str | None = None
    """Where couples reach the forms, for share links; default: the address of the request."""
    wait_seconds_max: Annotated[int, Field(ge=0)] = 60
    page_size_max: Annotated[int, Field(gt=0)] = 200
    event_streams_max: Annotated[int, Field(gt=0)] = 500
    event_poll_seconds: Annotated[float, Field(gt=0)] = 5.0
    """An event stream looks this often for changes that another process made."""
    event_heartbeat_seconds: Annotated[float, Field(gt=0)] = 15.0
    request_bytes_max: Annotated[int, Field(gt=0)] = 2 * MIB
    """Body of any request that is not an upload."""
    session_seconds: Annotated[int, Field(gt=0)] = 12 * 3600
    """How long a sign-in in the browser lasts, when keys are configured."""
    responses_per_form_max: Annotated[int, Field(gt=0)] = 100_000
    response_bytes_max: Annotated[int, Field(gt=0)] = 1 * MIB
    disk_free_bytes_min: Annotated[int, Field(ge=0)] = 200 * MIB
    """Below this much free disk, uploads are refused before anything is written."""


class ApiKey(_Section):
    """A bearer key: only its SHA-256 is configured, never the key."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    tenant: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
    name: str = "key"


class Settings(BaseSettings):
    """All of Procession's settings. ``procession config show`` prints them with where each came from."""

    model_config = SettingsConfigDict(
        env_prefix="PROCESSION_", env_nested_delimiter="__", extra="forbid", frozen=True, env_ignore_empty=True
    )

    data: Path = Path("procession-data")
    """Folder of the database, objects and keys on one machine."""
    database_url: str | None = None
    """SQLAlchemy URL; default: SQLite in the data folder."""
    blobs_url: str | None = None
    """``file://``; default: the data folder."""
    region: str = "local"
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    api_keys: tuple[ApiKey, ...] = ()
    upload: Upload = Upload()
    sandbox: Sandbox = Sandbox()
    worker: Worker = Worker()
    queue: Queue = Queue()
    ocr: Ocr = Ocr()
    http: Http = Http()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=config_file()))


def config_file(environ: Mapping[str, str] = os.environ) -> Path:
    return Path(environ.get("PROCESSION_CONFIG", "procession.toml"))


def unknown_environment(environ: Mapping[str, str] = os.environ) -> list[str]:
    """``PROCESSION_*`` names that no setting has: pydantic-settings reads only names it knows, we refuse the others."""
    known = {name.upper() for name in Settings.model_fields} | CLIENT_ENVIRONMENT
    found = (key.removeprefix("PROCESSION_") for key in environ if key.startswith("PROCESSION_"))
    return sorted(f"PROCESSION_{key}" for key in found if key.split("__")[0].upper() not in known)


def load(**overrides: Any) -> Settings:
    """Settings from overrides (the command line), then the environment, then the TOML file.

    Raises InvalidRequest with one line per wrong or unknown key.
    """
    if unknown := unknown_environment():
        raise InvalidRequest(f"Unknown settings: {', '.join(unknown)}. `procession config show` lists the known ones.")
    try:
        return Settings(**overrides)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise InvalidRequest("Settings are not valid. " + "; ".join(lines)) from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidRequest(f"{config_file()} is not valid TOML: {error}") from None


__all__ = ["MIB", "ApiKey", "Http", "Ocr", "Queue", "Sandbox", "Settings", "Upload", "Worker", "load"]
