"""What the pharmacy says when it will not do a thing. The code of a refusal never changes."""


class Refusal(Exception):
    """
    A request that was understood and is not carried out.

    Args:
        message: One sentence for a person, without patient data.
        facts: What the message is about, by name, for programs. Without patient data.
    """

    code: str = "refused"
    remedy: str = ""
    """What whoever reads the refusal can do next."""

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.facts = facts


class NotFound(Refusal):
    """There is no such thing, or none that the caller may see."""

    code = "not-found"
    remedy = "Check the identifier; a thing that you may not see looks the same as none."


class NotPermitted(Refusal):
    """The caller is known, and may not do this."""

    code = "not-permitted"
    remedy = "Ask somebody whose role allows it."


class Conflict(Refusal):
    """The thing is not in the state that the request supposes."""

    code = "conflict"
    remedy = "Read the present state again, then decide."


class Invalid(Refusal):
    """The request contradicts itself, a rule of the domain or a law of arithmetic."""

    code = "invalid"
    remedy = "Correct what the message names and send it again."


class Unavailable(Refusal):
    """Something that the request needs cannot answer just now."""

    code = "unavailable"
    remedy = "Try again later; nothing was changed."


class Malformed(Refusal):
    """The bytes are not of the form that was agreed; what they mean was not looked at."""

    code = "malformed"
    remedy = "Correct the form of the request and send it again."
