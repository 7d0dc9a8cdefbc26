"""The application as the API's tests have it, asked by a browser."""

from tests.doors.api.conftest import (
    app,
    as_role,
    bench,
    client,
    clock,
    one_session,
    running,
    shared_clock,
)

__all__ = ["app", "as_role", "bench", "client", "clock", "one_session", "running", "shared_clock"]
