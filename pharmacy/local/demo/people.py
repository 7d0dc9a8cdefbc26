"""Somebody at the public API: staff with a session, or a clinic's system with a key."""

import time
from collections.abc import Callable
from typing import Any, Final

import httpx

from pharmacy.embedded.processes import ServerTrouble

PATIENCE: Final = 60.0
PAUSE: Final = 0.05

Json = dict[str, Any]


class DemoTrouble(ServerTrouble):
    """The pharmacy answered what the demo did not expect."""


class Person:
    """Whoever asks, with what they show to be let in."""

    def __init__(self, client: httpx.Client, credential: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {credential}"}

    @classmethod
    def sign_in(cls, client: httpx.Client, username: str, password: str) -> "Person":
        body = {"username": username, "password": password}
        return cls(client, _answer(client.post("/api/v1/sign-in", json=body))["token"])

    def get(self, path: str) -> Json:
        return _answer(self._client.get(f"/api/v1{path}", headers=self._headers))

    def listed(self, path: str) -> list[Json]:
        """Return a whole list that comes without pages."""
        answer = self._client.get(f"/api/v1{path}", headers=self._headers)
        found: list[Json] = _sound(answer).json()
        return found

    def download(self, path: str) -> bytes:
        return _sound(self._client.get(path, headers=self._headers)).content

    def post(self, path: str, body: Json | None = None) -> Json:
        return _answer(self._client.post(f"/api/v1{path}", json=body, headers=self._headers))

    def send(self, path: str, content: bytes) -> Json:
        """Send bytes as they are."""
        headers = self._headers | {"Content-Type": "application/octet-stream"}
        return _answer(self._client.post(f"/api/v1{path}", content=content, headers=headers))

    def submit(self, token: bytes) -> Json:
        headers = self._headers | {"Content-Type": "application/jose"}
        answer = self._client.post("/api/v1/prescriptions", content=token, headers=headers)
        return _answer(answer)

    def act(self, order: Json, step: str, body: Json | None = None) -> Json:
        """Take a step with an order, decided on the version of it that is in hand."""
        headers = self._headers | {"If-Match": f'"{order["version"]}"'}
        path = f"/api/v1/orders/{order['id']}/{step}"
        return _answer(self._client.post(path, json=body, headers=headers))

    def wait(self, path: str, until: Callable[[Json], bool], tend: Callable[[], None]) -> Json:
        """
        Ask again until what is awaited has happened.

        Args:
            tend: Called between; keeps the processes running that are to make it happen.
        """
        deadline = time.monotonic() + PATIENCE
        while not until(found := self.get(path)):
            if time.monotonic() > deadline:
                raise DemoTrouble(f"{path} is not done after {PATIENCE:.0f} s: {_state(found)}")
            tend()
            time.sleep(PAUSE)
        return found


def _state(found: Json) -> str:
    holds = ", ".join(hold["code"] for hold in found.get("holds", []))
    return f"{found.get('status')} {holds}".strip()


def _sound(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        request = f"{answer.request.method} {answer.request.url.path}"
        raise DemoTrouble(f"{request} was answered with {answer.status_code}: {answer.text}")
    return answer


def _answer(answer: httpx.Response) -> Json:
    found: Json = _sound(answer).json()
    return found
