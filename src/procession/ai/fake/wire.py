"""What comes over the wire: requests of the chat completions API, and the API's error bodies."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel, ConfigDict, Field

from procession.domain.usage import Tier

IMAGES_MAX = 500
"""Pictures of one request; past it 400."""
REQUEST_BYTES_MAX = 64 * 1024 * 1024
"""One request; past it 413."""
IMAGE_PIXELS_MAX = 100_000_000
"""Pixels of one picture; past it 400."""


class WireError(Exception):
    """Becomes ``{"error": …}`` with this status. Nothing was generated and nothing is charged."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ImageUrl(_Wire):
    url: str
    detail: Literal["low", "high", "auto"] = "auto"


class TextPart(_Wire):
    type: Literal["text"]
    text: str


class ImagePart(_Wire):
    type: Literal["image_url"]
    image_url: ImageUrl


class Message(_Wire):
    role: Literal["system", "developer", "user", "assistant"]
    content: str | tuple[Annotated[TextPart | ImagePart, Field(discriminator="type")], ...]
    name: str | None = None


class JsonSchema(_Wire):
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    description: str | None = None
    schema_: Annotated[dict[str, Any], Field(alias="schema")] = {}
    strict: bool | None = False


class ResponseFormat(_Wire):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class StreamOptions(_Wire):
    include_usage: bool = False
    include_obfuscation: bool = True


class ChatRequest(_Wire):
    """Parameters this server knows; others are 400, as with the real ones. Some are taken and change nothing."""

    model: str
    messages: Annotated[tuple[Message, ...], Field(min_length=1)]
    response_format: ResponseFormat | None = None
    service_tier: Literal["auto", "default", "flex"] | None = None
    prompt_cache_key: Annotated[str, Field(max_length=1024)] | None = None
    max_completion_tokens: Annotated[int, Field(gt=0)] | None = None
    max_tokens: Annotated[int, Field(gt=0)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    store: bool | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    safety_identifier: str | None = None

    @property
    def tier(self) -> Tier:
        return Tier.FLEX if self.service_tier == "flex" else Tier.STANDARD

    @property
    def schema_asked(self) -> dict[str, Any] | None:
        given = self.response_format.json_schema if self.response_format else None
        return given.schema_ if given else None

    @property
    def output_tokens_max(self) -> int | None:
        return self.max_completion_tokens or self.max_tokens


class BatchLine(_Wire):
    """One line of an uploaded batch file."""

    custom_id: str
    method: Literal["POST"]
    url: Literal["/v1/chat/completions"]
    body: dict[str, Any]


class BatchRequest(_Wire):
    input_file_id: str
    endpoint: Literal["/v1/chat/completions"]
    completion_window: Literal["24h"]
    metadata: dict[str, str] | None = None
    output_expires_after: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    sha256: str
    width: int
    height: int
    detail: str


@dataclass(frozen=True, slots=True)
class Content:
    """A request's messages as the model sees them: text and pictures in order, message by message."""

    parts: tuple[tuple[str | Picture, ...], ...]
    digest: str = field(default="")

    @property
    def texts(self) -> list[str]:
        return [part for message in self.parts for part in message if isinstance(part, str)]

    @property
    def pictures(self) -> list[Picture]:
        return [part for message in self.parts for part in message if isinstance(part, Picture)]


def content_of(request: ChatRequest) -> Content:
    """Raises WireError for a picture that is none."""
    parts = tuple(tuple(_parts(message)) for message in request.messages)
    told = hashlib.sha256()
    for message in parts:
        for part in message:
            told.update((part if isinstance(part, str) else part.sha256).encode("utf-8", "replace") + b"\0")
    content = Content(parts, told.hexdigest())
    if len(content.pictures) > IMAGES_MAX:
        raise WireError(400, f"Too many images: at most {IMAGES_MAX}.", param="messages")
    return content


def _parts(message: Message) -> list[str | Picture]:
    if isinstance(message.content, str):
        return [message.content]
    return [part.text if isinstance(part, TextPart) else _picture(part.image_url) for part in message.content]


def _picture(given: ImageUrl) -> Picture:
    head, _, data = given.url.partition(",")
    if not head.startswith("data:image/") or not head.endswith(";base64"):
        raise WireError(400, "Images come as data: URIs in base64.", param="messages", code="invalid_image_url")
    try:
        content = base64.b64decode(data, validate=True)
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
    except (binascii.Error, UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        raise WireError(400, "An image could not be read.", param="messages", code="invalid_image") from None
    if not 0 < width * height <= IMAGE_PIXELS_MAX:
        raise WireError(400, "An image is too large.", param="messages", code="image_too_large")
    return Picture(hashlib.sha256(content).hexdigest(), width, height, given.detail)
