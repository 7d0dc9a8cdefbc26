"""Stopping at once: streams of news, which would live for ever, end with the signal to stop."""

from types import FrameType
from typing import Protocol

import uvicorn


class Closing(Protocol):
    """What ends its streams when it is closed, also from a signal's handler."""

    def close(self) -> None: ...


class Server(uvicorn.Server):
    """
    A server that ends its streams as soon as it is told to stop.

    By itself uvicorn waits for every answer under way before it tells the application that the end
    has come, and every open page holds a stream open.
    """

    def __init__(self, config: uvicorn.Config, news: Closing) -> None:
        super().__init__(config)
        self._news = news

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End the streams, then stop."""
        self._news.close()
        super().handle_exit(sig, frame)
