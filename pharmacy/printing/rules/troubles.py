"""What is wrong with a printer, in words that say what to do."""

from typing import Final

WORDS: Final = {
    "media-empty": "Labels are out: put in a new roll.",
    "media-jam": "Labels are jammed: open the printer and free them.",
    "media-needed": "It wants other labels: put in the stock that it is set to.",
    "marker-supply-empty": "The ribbon is out: put in a new one.",
    "cover-open": "It is open: close it.",
    "door-open": "It is open: close it.",
    "interlock-open": "It is open: close it.",
    "input-tray-missing": "Its tray is missing: put it in.",
    "toner-empty": "The toner is out: put in a new cartridge.",
    "paused": "It is paused: press its pause button.",
    "stopped": "It is stopped: look at its display.",
    "busy": "It is busy: it is tried again by itself.",
    "buffer-full": "It has more to print than it can hold: wait.",
    "offline": "It does not answer: see that it is on and its cable is in.",
    "silent": "It does not say how it is: look for open cover, empty roll or empty ribbon.",
    "connection-lost": "The connection broke: see that its cable is in.",
    "certificate-not-trusted": "It shows another certificate than it should: ask an administrator.",
    "not-accepting-jobs": "It takes no work: look at its display.",
    "document-format-not-supported": "It cannot read what it was sent: ask an administrator.",
    "attributes-not-supported": "It has no labels of this size: put in the stock it is set to.",
    "printer-address-forbidden": "Its address is outside of the allowed networks.",
    "folder-not-writable": "Its folder cannot be written to: ask an administrator.",
    "job-not-found": "It knows nothing of this label.",
    "no-memory": "It cannot say what it printed: look whether the label is there.",
    "aborted": "It gave up in the middle.",
    "sender-died": "Whoever sent it died, and nobody could ask: look whether the label is there.",
    "agent-away": "Its print agent does not answer: see that it runs and is connected.",
}


def in_words(reason: str) -> str:
    """Return a reason of RFC 8011, or of ours, for a person."""
    return WORDS.get(reason, f"It says {reason.replace('-', ' ')}: look at its display.")
