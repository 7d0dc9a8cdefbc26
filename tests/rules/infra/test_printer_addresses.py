"""Where printers may be: nothing outside of the configured networks is ever spoken to."""

import socket

import pytest

from pharmacy.infra.printers import Address, AddressForbidden, AddressMalformed, Networks

BENCHES = Networks.read(["127.0.0.0/8", "::1/128"])


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("ipp://127.0.0.1/printers/zebra", "ipp://127.0.0.1:631/printers/zebra"),
        ("ipps://printer.example:8631/ipp/print", "ipps://printer.example:8631/ipp/print"),
        ("raw://127.0.0.1", "raw://127.0.0.1:9100"),
        ("ipp://[::1]:631/p", "ipp://[::1]:631/p"),
        ("folder:bench-1", "folder:bench-1"),
    ],
)
def test_an_address_is_read_and_written(text: str, again: str) -> None:
    assert str(Address.read(text)) == again


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "ipp://user@127.0.0.1/",
        "ipp://127.0.0.1/?next=http://example.com",
        "ipp://127.0.0.1/#x",
        "ipp://127.0.0.1:99999/",
        "ipp:///p",
        "raw://127.0.0.1/path",
        "ipp://127.0.0.1/a b",
        "ipp://127.0.0.1/\r\nX: y",
        "folder:../etc",
        "folder:",
        "folder:A",
    ],
)
def test_what_is_no_printers_address_is_refused(text: str) -> None:
    with pytest.raises(AddressMalformed):
        Address.read(text)


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "10.0.0.1", "0.0.0.0", "2130706433.1", "[::ffff:10.0.0.1]", "192.0.2.1"],
)
def test_an_address_outside_is_refused_however_it_is_written(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if host == "2130706433.1":  # a name: what it stands for counts
        answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.9.8.7", 631))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)

    with pytest.raises(AddressForbidden):
        BENCHES.resolve(Address.read(f"ipp://{host}/"))


def test_a_name_with_one_address_inside_and_one_outside_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 631))
        for each in ("127.0.0.1", "10.9.8.7")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)

    with pytest.raises(AddressForbidden):
        BENCHES.resolve(Address.read("ipp://printer.example/"))


def test_ipv4_dressed_as_ipv6_is_what_it_is() -> None:
    assert BENCHES.resolve(Address.read("ipp://[::ffff:127.0.0.1]/")).endswith("127.0.0.1")
