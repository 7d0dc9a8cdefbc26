from pathlib import Path

import pytest
import redis

from pharmacy.embedded.folders import FolderInUse
from pharmacy.embedded.valkey import EmbeddedValkey


def test_a_killed_server_keeps_every_message_that_it_acknowledged(valkey: EmbeddedValkey) -> None:
    valkey.start()
    with redis.Redis.from_url(valkey.url) as client:
        for number in range(100):
            client.rpush("queue", number)
    assert valkey.process is not None
    valkey.process.kill()

    valkey.start()

    with redis.Redis.from_url(valkey.url) as client:
        assert client.llen("queue") == 100


def test_a_second_server_on_the_same_data_is_refused(valkey: EmbeddedValkey, folder: Path) -> None:
    valkey.start()

    with pytest.raises(FolderInUse):
        EmbeddedValkey(valkey.data, folder / "elsewhere" / "socket").start()


def test_a_socket_left_behind_does_not_block(valkey: EmbeddedValkey) -> None:
    valkey.socket_path.parent.mkdir()
    valkey.socket_path.touch()

    valkey.start()

    with redis.Redis.from_url(valkey.url) as client:
        assert client.ping()
