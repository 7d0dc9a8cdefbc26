"""The usual master record of a naltrexone capsule; a pharmacist reads it before approval."""

from typing import Final

from pharmacy.formulary.rules.formulation import Formula
from pharmacy.formulary.rules.ingredients import INGREDIENTS, NALTREXONE, SaltForm
from pharmacy.formulary.rules.master_record import MasterRecord, RecordedIngredient, RecordedStep
from pharmacy.kernel.quantities import Mass

STEPS: Final = (
    RecordedStep(
        title="Prepare",
        instruction="Clean the room, the hood and the machine; put on gown, mask and gloves.",
        checklist=("line is clear of other products", "balance is verified today"),
    ),
    RecordedStep(
        title="Weigh",
        instruction="Scan each lot, tare the boat, and weigh every powder to its target.",
        checklist=("every lot scanned", "every weight within its limits", "pharmacist verified"),
        act="weigh",
    ),
    RecordedStep(
        title="Blend",
        instruction="Incorporate the naltrexone hydrochloride into the filler by geometric"
        " dilution: equal volumes, doubling; then mix the whole.",
        checklist=("colour is even", "no lumps"),
        wait_minutes=10,
        act="blend",
    ),
    RecordedStep(
        title="Fill",
        instruction="Load the shells, spread a load's powder evenly, tamp, and close.",
        checklist=("shell lot scanned", "all powder of the load is in", "capsules are dusted off"),
        photo=True,
        act="fill",
    ),
    RecordedStep(
        title="Test",
        instruction="Tare ten empty shells, weigh ten capsules one by one, and look at all.",
        checklist=("each capsule weighed alone", "colour, shape and closure are as described"),
        act="test",
    ),
)
"""Source: domain.md 2.7 (geometric dilution), 2.10 (single weights), 2.11 (published method)."""


def usual_record(formula: Formula) -> MasterRecord:
    """Return the record of naltrexone in one filler, for a formula."""
    filler = INGREDIENTS[formula.filler]
    strength = Mass.of_micrograms(formula.strength_ug)
    return MasterRecord(
        name=f"Naltrexone hydrochloride {strength} capsule",
        dosage_form="hard capsule for oral use",
        ingredients=(
            RecordedIngredient(
                ingredient=NALTREXONE,
                amount_ug=formula.strength_ug,
                grade="USP",
                salt_forms=(SaltForm.HCL_ANHYDROUS, SaltForm.HCL_DIHYDRATE),
                particle_size="fine powder",
                solubility="soluble in water",
            ),
            RecordedIngredient(ingredient=filler.key, amount_ug=None, grade="NF"),
        ),
        container_closure="tight, light-resistant vial with child-resistant cap, 60 to 120 mL",
        equipment=("balance", "mortar and pestle or mixer", f"machine for size {formula.size}"),
        supplies=(f"capsule shells size {formula.size}", "weighing boats", "gloves and mask"),
        steps=STEPS,
        precautions="No opioid on the bench. Avoid dust; wear a mask and gloves.",
        storage="20 to 25 °C, dry, in the dark",
        beyond_use_reference="USP <795> (2023): nonaqueous solid, up to 180 days",
        calculations="Powder corrected for assay, water and salt form of the lot scanned; filler"
        " by packing statistics; the worksheet of each batch shows its working.",
        labelling="As the container label of this pharmacy: strength, directions, lot, discard"
        " date, storage, and that it was compounded.",
        quality_checks=(
            "mean weight of at least ten empty shells",
            "ten capsules weighed one by one: each 90 to 110 %, mean 97 to 103 % of theoretical",
            "yield within 5 % of plan",
            "appearance as described",
        ),
    )
