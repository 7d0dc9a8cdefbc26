"""A whole example of a body, put together from the examples of its members."""

from typing import Any, Final

Json = dict[str, Any]

BY_FORMAT: Final = {"date": "2026-03-02", "date-time": "2026-03-02T22:30:00Z"}
TEXT: Final = "text"


def example(schema: Json, schemas: Json) -> Any:
    """
    Return something that fits a schema.

    What the schema gives as an example is taken first, then a default, then the first of several
    values, then the least that its type allows.
    """
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if given := _given(schema):
        return given[0]
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next(name for name in kind if name != "null")
    return _least(kind, schema, schemas)


def _given(schema: Json) -> list[Any]:
    if schema.get("examples"):
        return list(schema["examples"])[:1]
    if "const" in schema:
        return [schema["const"]]
    return [schema["default"]] if "default" in schema else list(schema.get("enum", ()))[:1]


def _least(kind: str | None, schema: Json, schemas: Json) -> Any:
    match kind:
        case "object":
            return _object(schema, schemas)
        case "array":
            return [example(schema["items"], schemas)] * max(1, schema.get("minItems", 1))
        case "string":
            return BY_FORMAT.get(schema.get("format", ""), TEXT.ljust(schema.get("minLength", 0)))
        case "integer" | "number":
            return int(schema.get("minimum", 1))
        case "boolean":
            return True
        case _:
            choices = [one for one in schema.get("oneOf", ()) if one.get("type") != "null"]
            return example(choices[0], schemas) if choices else None


def _object(schema: Json, schemas: Json) -> Json:
    needed = schema.get("required", ())
    return {
        name: example(member, schemas)
        for name, member in schema.get("properties", {}).items()
        if name in needed or _shown(member)
    }


def _shown(member: Json) -> bool:
    return bool(member.get("examples"))
