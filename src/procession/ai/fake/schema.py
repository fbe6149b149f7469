"""JSON schemas of answers: what a strict provider accepts, and an answer that fits when ours does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from procession.ai.fake.wire import WireError

PROPERTIES_MAX = 5000
DEPTH_MAX = 10
ENUM_VALUES_MAX = 1000
STRICT_CHARACTERS_MAX = 120_000
"""All names, enum values and constants of a strict schema together."""


def check(schema: dict[str, Any], *, strict: bool) -> None:
    """Raises WireError for what a provider refuses: no schema at all, or when strict, past the published limits."""
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise _refused(error.message) from None
    if not strict:
        return
    if schema.get("type") != "object":
        raise _refused("the root must be of type object")
    properties = enums = characters = 0
    for depth, part in _parts(schema, 0):
        if depth > DEPTH_MAX:
            raise _refused(f"more than {DEPTH_MAX} levels of nesting")
        if "properties" in part or part.get("type") == "object":
            named = part.get("properties", {})
            properties += len(named)
            characters += sum(map(len, named))
            if part.get("additionalProperties") is not False:
                raise _refused("'additionalProperties' is required to be supplied and to be false")
            if set(part.get("required", ())) != set(named):
                raise _refused("'required' is required to name every key in properties")
        if isinstance(values := part.get("enum"), list):
            enums += len(values)
            characters += sum(len(str(value)) for value in values)
        characters += len(str(part.get("const", "")))
    for found, most, what in (
        (properties, PROPERTIES_MAX, "properties"),
        (enums, ENUM_VALUES_MAX, "enum values"),
        (characters, STRICT_CHARACTERS_MAX, "characters of names and values"),
    ):
        if found > most:
            raise _refused(f"{found} {what}, at most {most}")


def _refused(why: str) -> WireError:
    return WireError(
        400, f"Invalid schema for response_format: {why}.", param="response_format", code="invalid_json_schema"
    )


def _parts(schema: Any, depth: int) -> Iterator[tuple[int, dict[str, Any]]]:
    if not isinstance(schema, dict):
        return
    yield depth, schema
    for name in ("properties", "$defs"):
        for child in schema.get(name, {}).values():
            yield from _parts(child, depth + (name == "properties"))
    yield from _parts(schema.get("items"), depth + 1)
    for child in schema.get("anyOf", ()):
        yield from _parts(child, depth)


def fits(schema: dict[str, Any], answer: Any) -> bool:
    return bool(Draft202012Validator(schema).is_valid(answer))


def fitted(schema: dict[str, Any], answers: list[dict[str, Any]]) -> Any:
    """``{"answers": …}`` when the schema takes it, without what of it the schema does not take; else the least."""
    wanted = schema.get("properties", {}).get("answers", {}).get("items", {}).get("properties", {})
    whole = {"answers": [{name: told for name, told in one.items() if name in wanted or not wanted} for one in answers]}
    validator = Draft202012Validator(schema)
    if validator.is_valid(whole):
        return whole
    wrong = {error.absolute_path[1] for error in validator.iter_errors(whole) if len(error.absolute_path) > 1}
    some = {"answers": [answer for place, answer in enumerate(whole["answers"]) if place not in wrong]}
    if validator.is_valid(some):
        return some
    return least(schema, schema)


def least(schema: Any, root: dict[str, Any]) -> Any:
    """The smallest value a schema of the strict kind takes: null where it may, else empty or the first choice."""
    if not isinstance(schema, dict):
        return None
    if isinstance(ref := schema.get("$ref"), str):
        target: Any = root
        for step in ref.removeprefix("#").strip("/").split("/"):
            target = target.get(step, {}) if step else target
        return least(target, root)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("anyOf"):
        choices = schema["anyOf"]
        return None if {"type": "null"} in choices else least(choices[0], root)
    kinds = schema.get("type", "object")
    if isinstance(kinds, list):
        kinds = "null" if "null" in kinds else kinds[0]
    if kinds == "object":
        return {name: least(child, root) for name, child in schema.get("properties", {}).items()}
    if kinds == "array":
        return [least(schema.get("items"), root)] * int(schema.get("minItems", 0))
    return {"string": "", "integer": 0, "number": 0, "boolean": False}.get(str(kinds))
