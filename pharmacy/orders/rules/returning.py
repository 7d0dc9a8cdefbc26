"""What comes back: taken back by one person, destroyed by two."""

from pharmacy.kernel.refusals import Conflict, Invalid


class VialsNotOut(Conflict):
    """What came back is no vial of this order, or came back before."""

    code = "vials-not-out"
    remedy = "Choose the vials that are in your hand; each is on the order's page."


class VialsNotBack(Conflict):
    """What is to be destroyed did not come back, or was destroyed before."""

    code = "vials-not-back"
    remedy = "Write down first that they came back; each vial is on the order's page."


class WitnessNeeded(Invalid):
    """What came back is destroyed before a colleague who may hand over too, never alone."""

    code = "witness-needed"
    remedy = "Ask another technician or pharmacist to watch; they name themselves with their PIN."
