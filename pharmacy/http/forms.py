"""Forms: read field by field, so that each error stands beside the field that it is about."""

from typing import Annotated, Any, Final, TypeVar

import msgspec
from litestar import Request
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from pharmacy.kernel.refusals import Invalid

Wanted = TypeVar("Wanted", bound=msgspec.Struct)
LONGEST: Final = 10_000
Ticked = Annotated[str, msgspec.Meta(pattern=r"^yes$")]
"""A box that somebody ticked; one that nobody did is not sent at all."""


class FormInvalid(Invalid):
    """A form's fields are missing, or not of the kind that they must be."""

    code = "form-invalid"
    remedy = "Correct the marked fields and send the form again."

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("some fields need another look", fields=fields)
        self.fields = fields


class FormData:
    """What a form sent. Nothing in it is believed until `read` has looked at it."""

    def __init__(self, sent: FormMultiDict) -> None:
        self._sent = sent

    def read(self, kind: type[Wanted], *, prefix: str = "") -> Wanted:
        """
        Return the form as a struct of ours; empty fields count as absent.

        Args:
            prefix: What the fields' names begin with, where a form asks the same several times.

        Raises:
            FormInvalid: With words for each field that is missing or wrong.
        """
        values: dict[str, Any] = {}
        errors: dict[str, str] = {}
        for field in msgspec.structs.fields(kind):
            name = prefix + field.encode_name
            given = self._given(name, field.type)
            if given is None:
                if field.required:
                    errors[name] = "This is needed."
                continue
            try:
                values[field.name] = msgspec.convert(given, field.type, strict=False)
            except msgspec.ValidationError as error:
                errors[name] = _words(str(error))
        if errors:
            raise FormInvalid(errors)
        return kind(**values)

    def file(self, name: str) -> UploadFile:
        """Return a file. Raises FormInvalid when there is none."""
        found = self._sent.get(name)
        if not isinstance(found, UploadFile):
            raise FormInvalid({name: "Choose a file."})
        return found

    def _given(self, name: str, kind: Any) -> Any:
        texts = [text for text in self._sent.getall(name, []) if _is_text(text)]
        if msgspec.inspect.multi_type_info([kind])[0].__class__ in SEVERAL:
            return texts or None
        text = texts[-1].strip() if texts else ""
        return text or None


SEVERAL: Final = (msgspec.inspect.ListType, msgspec.inspect.VarTupleType, msgspec.inspect.SetType)


async def form_of(request: Request[Any, Any, Any]) -> FormData:
    """Return the form of a request: parameter `form: Form`."""
    return FormData(await request.form())


Form = NamedDependency[SkipValidation[FormData]]
"""Parameter `form`: what was sent, for `form.read(SomeStruct)`."""


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST and "\x00" not in value


def _words(error: str) -> str:
    """Return what a person can act on; what was typed is not repeated."""
    head = error.partition(" - at ")[0]
    if "enum" in head:
        return "Choose one of the values."
    if "matching regex" in head:
        return "This is not of the form that is asked for."
    return head.replace("`str` of length", "text of length").replace("`", "") + "."
