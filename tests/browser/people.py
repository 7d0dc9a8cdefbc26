"""Who sits before the browser."""

from pharmacy.staff.rules import Role

PASSWORD = "lamp orbit quiet fern"
PIN = "8642"
NAMES = {
    Role.TECHNICIAN: ("terry", "Terry Testtech"),
    Role.PHARMACIST: ("pat", "Pat Testpharm, PharmD"),
    Role.ADMINISTRATOR: ("alex", "Alex Testadmin"),
    Role.AUDITOR: ("drew", "Drew Testauditor"),
}
"""Username and name by role. They have one password and one PIN."""
