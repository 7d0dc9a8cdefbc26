"""What each policy decides, in the words of those who change it, by the work it is part of."""

from typing import Final

SUBJECTS: Final[dict[str, dict[str, str]]] = {
    "Prescriptions as they come": {
        "dose_min_ug": "An ordered dose below this is held as unclear.",
        "dose_review_ug": "A dose above this is for a pharmacist to decide.",
        "dose_block_ug": "A dose above this blocks the order.",
        "step_increase_hold_ug": "A step up by more than this is held as unclear.",
        "continue_final": "Repeats of a titration go on with its last step; off, such an order"
        " is held.",
        "accept_eddsa_name": "Take signatures that still use the older name of the Ed25519 method.",
    },
    "Prescribers": {
        "identity_valid_days": "How long an answer about who a prescriber is counts.",
        "license_valid_days": "How long an answer about a license counts.",
        "exclusion_valid_days": "How long an answer from the exclusion list counts.",
        "registry_file_max_age_days": "An NPPES or license file older than this verifies nobody.",
        "exclusion_file_max_age_days": "An exclusion list older than this verifies nobody.",
        "license_in_patient_state": "Ask for a license in the patient's State too (telehealth).",
        "taxonomy_prefixes": "Specialties that may prescribe, by how their NPPES code begins.",
        "taxonomy_holds": "Specialties about which a person decides: residents.",
        "recheck_at_release_hours": "Evidence older than this is renewed before a release.",
    },
    "Screening": {
        "answers_valid_days": "How long a patient's answer counts.",
        "opioid_answer_valid_days": "How long the answer about opioids counts at a first fill.",
        "opioid_answer_refill_days": "And at a later fill, where it is asked each time.",
        "opioid_free_days": "Without opioids for so long before the first dose.",
        "long_opioid_free_days": "The same after methadone or buprenorphine.",
        "duplicate_grace_days": "Another supply that ends within this time is a renewal, not a"
        " duplicate.",
        "start_dose_review_ug": "A first dose above this is for a pharmacist, if LDN is new to the"
        " patient.",
        "step_review_ug": "A step up by more than this is for a pharmacist.",
        "step_days_review": "A step of fewer days than this is for a pharmacist.",
        "pause_before_surgery_days": "LDN is stopped so long before a procedure.",
    },
    "Strength plan": {
        "default_strategy": "How doses are made up unless a pharmacist chooses: A, B or D.",
        "correct_for_certificate": "Weigh more powder for what its certificate says of assay,"
        " water and salt.",
        "minimum_weighable_mg": "Less than this is not weighed: it is diluted first.",
        "weighing_error_percent": "How far off a weighing at that minimum may be.",
        "balance_step_mg": "The smallest step that the balance shows.",
        "machine_capacity": "Capsules that the filling machine holds at once.",
        "shell_maker": "Whose table of capsule volumes is used.",
    },
    "Batches and stock": {
        "weighing_tolerance_percent": "A weighing further than this from its target is weighed"
        " again.",
        "yield_tolerance_percent": "A number of capsules further than this from the plan is"
        " looked into.",
        "most_capsules_in_batch": "A larger need is made in several batches.",
        "anticipatory_days": "Stock is made for no more than so many days of the past year's use.",
        "certificate_document_needed": "Powder is accepted only with its certificate on file.",
        "beyond_use_days": "How long capsules may be used at most; a formula may say less.",
        "compounding_day_is_day_one": "Count the day of making as the first of these days.",
        "undated_component_months": "How long a component without a date is used after receipt.",
    },
    "Queue": {
        "order_due_open_hours": "An order is due once the pharmacy was open for so long.",
        "claim_minutes": "Who takes an order has it for so long; then others may take it.",
        "hold_deadline_hours": "How long whoever a hold waits for has, unless it says otherwise.",
        "clarification_reminder_hours": "A question to the prescriber is brought to mind after"
        " this.",
        "clarification_escalation_hours": "And is a pharmacist's to settle by telephone after"
        " this.",
        "working_hours": "When somebody is here: ages and due times count no other hours.",
        "holidays": "Days on which nobody is here: 2026-07-03, or 12-25 for every year.",
    },
    "Packing and labels": {
        "first_dose_after_days": "The first dose is so long after the labels are drawn.",
        "ship_transit_days": "A parcel arrives after so long; no first dose is before.",
        "fewest_containers": "Prefer one lot that covers a step over one more vial from a rest.",
        "picture_needed": "Pack and release only with a picture of the finished product.",
        "english_when_not_approved": "Print English where the patient's language is not approved;"
        " off, hold.",
        "purpose_on_label": "Print why the medicine is taken, as the prescriber wrote it.",
        "purpose_left_off": "States for which that is left off all the same: TX.",
    },
    "Refills": {
        "refill_percent": "Share of a supply that must be used before the next fill.",
        "refill_hard_stop_percent": "Below this share only a pharmacist fills early, with a"
        " reason.",
        "refill_counts_both_days": "Count the day of the fill and of the request; off, only those"
        " between.",
        "refill_lead_days": "A refill is due so long before the patient runs out.",
        "patient_lost_counts_as_fill": "What replaces medicine that the patient lost uses up a"
        " fill.",
    },
}
"""Every policy once: what it decides."""
