"""The environment, read once into a frozen object. Nothing else reads `os.environ`."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pharmacy.infra.printers import Networks
from pharmacy.kernel.refusals import Invalid

USUAL_NETWORKS = "127.0.0.0/8,::1/128"
LOOPBACK = Networks.read(USUAL_NETWORKS.split(","))
PRIVATE_NETWORKS = f"{USUAL_NETWORKS},10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"
PRIVATE = Networks.read(PRIVATE_NETWORKS.split(","))


class FileMissing(Invalid):
    """A file that the environment names is not there."""

    code = "setting-file-missing"
    remedy = "Put the file there, or unset the variable."


class SettingMissing(Invalid):
    """An environment variable that this process needs is not set."""

    code = "setting-missing"
    remedy = "Set the variable, or let ./run up start servers: commands in its folder find them."


@dataclass(frozen=True, slots=True)
class Settings:
    """What a process must know before it can read its policies from the database."""

    database_url: str = field(repr=False)
    """`postgresql://…` as libpq understands it."""
    redis_url: str = field(repr=False)
    """`redis://…`, `rediss://…` or `unix:///path/to/socket`."""
    listen_host: str = "127.0.0.1"
    listen_port: int = 8000
    listen_fd: int | None = None
    """A listening socket that the supervisor holds open; it stands in for host and port."""
    secret: str = field(default="", repr=False)
    """Pepper of API key hashes. Production must set it; the local stack makes its own."""
    secure_cookies: bool = True
    """Off only on loopback, where there is no TLS."""
    trusted_proxies: Networks = LOOPBACK
    """Whose `X-Forwarded-For` is believed, where we ask who a request comes from."""
    metrics_networks: Networks = PRIVATE
    """From where `/metrics` may be read, unless there is a token."""
    metrics_token: str = field(default="", repr=False)
    """What `/metrics` asks for as a bearer token, from wherever it is read."""
    lock_minutes: int = 5
    """A browser that nobody uses for so long locks; it unlocks with a PIN or the password."""
    nppes_url: str = ""
    """The NPPES API, asked when set. Off by default: the imported registry answers."""
    printer_networks: Networks = LOOPBACK
    """Where printers may be. Everything else is refused, whatever an administrator enters."""
    printer_ca: Path | None = None
    """The authorities (PEM) that sign the certificates of `ipps` printers, instead of the usual."""
    fallback_fonts: tuple[Path, ...] = ()
    """Font files that draw what the labels' own faces lack, in this order. All processes alike."""
    print_folders: Path = Path("printed")
    """Where printers that are folders have theirs."""
    log_level: str = "INFO"

    @classmethod
    def of(
        cls,
        environ: Mapping[str, str] = os.environ,
        *,
        needs: Sequence[str] = ("DATABASE_URL", "REDIS_URL"),
    ) -> "Settings":
        """
        Read the environment.

        Args:
            needs: Variables without which this process cannot work.

        Raises:
            SettingMissing: One of `needs` is not set.
            FileMissing: A file that is named is not there.
        """
        for name in needs:
            if not environ.get(name):
                raise SettingMissing(f"{name} is not set", variable=name)
        return cls(
            database_url=environ.get("DATABASE_URL", ""),
            redis_url=environ.get("REDIS_URL", ""),
            listen_host=environ.get("PHARMACY_HOST", "127.0.0.1"),
            listen_port=int(environ.get("PHARMACY_PORT", "8000")),
            listen_fd=int(environ["PHARMACY_LISTEN_FD"])
            if "PHARMACY_LISTEN_FD" in environ
            else None,
            secret=environ.get("PHARMACY_SECRET", ""),
            secure_cookies=environ.get("PHARMACY_INSECURE_COOKIES", "") != "1",
            trusted_proxies=_networks(environ, "PHARMACY_TRUSTED_PROXIES", USUAL_NETWORKS),
            metrics_networks=_networks(environ, "PHARMACY_METRICS_NETWORKS", PRIVATE_NETWORKS),
            metrics_token=environ.get("PHARMACY_METRICS_TOKEN", ""),
            lock_minutes=int(environ.get("PHARMACY_LOCK_MINUTES", "5")),
            nppes_url=environ.get("PHARMACY_NPPES_URL", ""),
            printer_networks=_networks(environ, "PHARMACY_PRINTER_NETWORKS", USUAL_NETWORKS),
            printer_ca=_file(environ, "PHARMACY_PRINTER_CA"),
            fallback_fonts=tuple(
                Path(named)
                for named in environ.get("PHARMACY_FALLBACK_FONTS", "").split(os.pathsep)
                if named
            ),
            print_folders=Path(environ.get("PHARMACY_STATE_DIR", ".")) / "printed",
            log_level=environ.get("PHARMACY_LOG_LEVEL", "INFO"),
        )


def _networks(environ: Mapping[str, str], name: str, usual: str) -> Networks:
    return Networks.read((environ.get(name) or usual).split(","), setting=name)


def _file(environ: Mapping[str, str], name: str) -> Path | None:
    if not (named := environ.get(name)):
        return None
    if not (path := Path(named)).is_file():
        raise FileMissing(f"the file of {name} is not there", variable=name)
    return path
