"""What must be settled before a patient's address is."""

from pharmacy.kernel.refusals import Conflict


class PersonUnsettled(Conflict):
    """A prescription may speak of somebody else, whose address it would be."""

    code = "person-unsettled"
    remedy = "A pharmacist first settles whose prescription it is: the hold on name or birth date."
