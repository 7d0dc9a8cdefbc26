"""Every page, and who looks at it. A new page is one more line here."""

from collections.abc import Callable
from dataclasses import dataclass

from pharmacy.kernel.ids import encode
from pharmacy.staff.rules import Role
from tests.browser.conftest import Console

Address = str | Callable[[Console], str]


@dataclass(frozen=True)
class Shown:
    """A page as somebody sees it; `keys` are pressed first."""

    name: str
    role: Role | None
    address: Address
    keys: tuple[str, ...] = ()

    def path(self, console: Console) -> str:
        return self.address if isinstance(self.address, str) else self.address(console)


def order_called(name: str) -> Address:
    """Return the address of an order by the name that tests use."""
    return lambda console: f"/orders/{encode('ord', console.orders[name].id)}"


SHOWN = (
    Shown("sign-in", None, "/sign-in"),
    Shown("welcome", None, "/welcome"),
    Shown("choose-password", None, "/choose-password"),
    Shown("account", Role.TECHNICIAN, "/account"),
    Shown("keys", Role.TECHNICIAN, "/queue", ("?",)),
    Shown("locked", Role.TECHNICIAN, "/queue", ("Shift+L",)),
    Shown("nothing-here", Role.TECHNICIAN, "/nowhere"),
    Shown("queue-technician", Role.TECHNICIAN, "/queue"),
    Shown("queue-pharmacist", Role.PHARMACIST, "/queue"),
    *(
        Shown(f"order-{name.replace(' ', '-')}", role, order_called(name))
        for name, role in (
            ("to review", Role.PHARMACIST),
            ("planned", Role.TECHNICIAN),
            ("to pack", Role.TECHNICIAN),
            ("to check", Role.PHARMACIST),
            ("ready", Role.TECHNICIAN),
        )
    ),
    Shown("queue-all", Role.PHARMACIST, "/queue?view=all"),
)
