"""
The Spanish words that this program brings along: a draft, which a pharmacist must approve.

The standard directions are empty on purpose. California's Board of Pharmacy publishes their vetted
translations: a pharmacist writes them in from there (16 CCR 1707.5, BPC 4076.6; domain.md 3.6).
"""

from typing import Final

from pharmacy.labels.rules.texts.catalog import Part, Shipped, Words
from pharmacy.labels.rules.texts.english import DIRECTIONS as ENGLISH_DIRECTIONS

OURS: Final = "our draft of the English text; not reviewed"
FROM_THE_BOARD: Final = "pharmacy.ca.gov/publications/translations.shtml: write it in from there"

DIRECTIONS: Final = {key: Words("", FROM_THE_BOARD) for key in ENGLISH_DIRECTIONS}

LABEL: Final = {
    "drug": "Clorhidrato de naltrexona",
    "route": "Por la boca.",
    "storage": "Guarde a temperatura ambiente, en lugar seco y sin luz.",
    "compounded": "Nuestra farmacia preparó esta medicina para usted.",
    "warn.opioids": "No la tome con opioides.",
    "warn.children": "Guarde lejos de los niños.",
    "warn.discard": "No la use después del {date}.",
    "also": "In English: {directions}, {dates}.",
    "purpose": "Para: {purpose}",
    "onward": "Sigue en la etiqueta 2.",
    "second": "Etiqueta 2 de 2 de este frasco",
    "step": "Paso {no} de {steps}",
    "steady": "Dosis fija",
    "dose.one": "1 dosis",
    "dose.many": "{count} dosis",
    "refills": "{left}, hasta el {date}",
    "refills.of": "{left} ({strength}), hasta el {date}",
    "date.weekdays": "lun mar mié jue vie sáb dom",
    "date.months": "ene feb mar abr may jun jul ago sep oct nov dic",
    "date.until": "al",
}

LEAFLET: Final = {
    "title": "Su naltrexona en dosis baja",
    "capsules": "{drug}, cápsulas",
    "ordered": "{drug}. Recetada por {prescriber}",
    "filled": "Surtida el {date}. Repeticiones: {refills}.",
    "discard": "Deseche después del {date}.",
    "steps.label": "Etiqueta",
    "steps.dose": "Dosis",
    "steps.dates": "Desde y hasta",
    "steps.take": "Cómo tomarla",
    "each": "{directions} ({strength} cada una)",
    "night.one": "1 noche",
    "night.many": "{count} noches",
    "day.one": "1 día",
    "day.many": "{count} días",
    "calendar": "Su calendario",
    "calendar.hint": "Cada tono es un paso. Tache cada dosis que ya tomó.",
    "date.month-names": (
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
    ),
    "date.initials": "D L M M J V S",
    "questions": "Si tiene preguntas, llame a la farmacia: {phone}",
    "page": "Hoja {no} de {pages}",
    "signed": "Receta firmada: SHA-256 {digest}",
    "how": "Cómo tomarla",
    "how.bedtime": "Tome esta medicina por la boca una vez al día, al acostarse.",
    "how.why": "Se toma de noche para seguir el ciclo de endorfinas de su cuerpo.",
    "how.acts": "Actúa entre las 2 y las 4 de la mañana.",
    "how.morning": "Tome esta medicina por la boca una vez al día, en la mañana.",
    "how.once": "Tome esta medicina por la boca una vez al día.",
    "how.label": "Cada etiqueta dice cuándo: al acostarse o en la mañana.",
    "how.never": "Nunca tome dos dosis el mismo día.",
    "told": "Lo que usted nos dijo",
    "told.R13": (
        "Nos dijo que tendrá una cirugía u otro procedimiento. Pregunte ahora cuándo debe parar y "
        "cuándo empezar de nuevo."
    ),
    "told.R15": (
        "Nos dijo que usa una medicina para la tos o la diarrea. La loperamida puede no servir "
        "tan bien ahora. Pregunte antes de tomarla."
    ),
    "told.R17": "Nos dijo que bebe alcohol. Es más seguro beber poco o nada.",
    "next": "Antes de la próxima dosis",
    "next.start": "Empiece cada frasco en la primera fecha de su etiqueta.",
    "next.wait": "No pase a la dosis siguiente antes de la fecha indicada.",
    "next.late": (
        "Si empieza tarde, mueva todas las fechas los mismos días. Cada paso dura lo mismo."
    ),
    "next.unwell": "Si no se siente bien, quédese en su dosis y llame a la farmacia.",
    "next.one": "Use un solo frasco a la vez.",
    "missed": "Si olvida una dosis",
    "missed.night": "Si se acuerda la misma noche, tómela. Si no, sáltela.",
    "missed.day": "Si se acuerda el mismo día, tómela. Si no, sáltela.",
    "missed.never": "Nunca tome dos dosis a la vez.",
    "sleep": "El sueño y los sueños",
    "sleep.dreams": (
        "Puede dormir mal o tener sueños vivos o pesadillas, sobre todo en las primeras semanas."
    ),
    "sleep.morning": (
        "Si esto le molesta, llame a la farmacia o a su doctor. Tal vez pueda tomarla en la "
        "mañana. No tome las dos."
    ),
    "sleep.call": "Si esto le molesta, llame a la farmacia o a su doctor.",
    "stomach": "Malestar del estómago",
    "stomach.stay": "Si tiene diarrea, dolor de estómago o náusea, no suba la dosis.",
    "stomach.best": "Siga con la dosis más alta que no le hizo mal y avise a su doctor.",
    "time": "Dele tiempo",
    "time.months": "Puede tardar de 3 a 6 meses de uso diario en sentir todo el efecto.",
    "opioids": "No tome medicinas opioides",
    "opioids.which": (
        "No tome medicinas opioides para el dolor, la tos o la diarrea. Algunas son codeína, "
        "hidrocodona, oxicodona, tramadol, morfina, metadona y buprenorfina."
    ),
    "opioids.why": "Pueden no servirle o causarle abstinencia de golpe.",
    "opioids.tell": "Diga a cada doctor y dentista que toma naltrexona.",
    "opioids.after": "Cuando deje de tomarla, los opioides le pueden hacer más efecto.",
    "surgery": "Si necesita una cirugía",
    "surgery.tell": "Diga al cirujano que toma naltrexona.",
    "surgery.stop": "Pregunte cuándo debe parar. Suele ser 2 o 3 días antes.",
    "surgery.again": "Pregunte a la farmacia antes de empezar de nuevo.",
    "alcohol": "El alcohol y su hígado",
    "alcohol.limit": "Beba poco alcohol.",
    "alcohol.call": (
        "Llame si tiene la piel o los ojos amarillos, la orina oscura o mucho cansancio."
    ),
    "pregnancy": "Embarazo y lactancia",
    "pregnancy.known": "No se sabe lo suficiente sobre su uso en el embarazo.",
    "pregnancy.tell": "Avise si está o puede quedar embarazada, o si da el pecho.",
    "keeping": "Cómo guardarla y desecharla",
    "keeping.where": (
        "Guarde a temperatura ambiente, en un lugar seco, sin luz y lejos de los niños."
    ),
    "keeping.until": "No la use después de la fecha de la etiqueta.",
    "keeping.away": "Lleve lo que sobre a un centro que recibe medicinas. No la tire al inodoro.",
    "about": "Sobre esta medicina",
    "about.made": "Una farmacia de preparados hizo esta medicina para usted.",
    "about.compounded": "La FDA no aprueba las medicinas preparadas.",
    "about.use": (
        "La FDA no ha aprobado este uso de la naltrexona. Los usos aprobados son tratar la "
        "dependencia del alcohol y bloquear los opioides."
    ),
    "help": "Si necesita ayuda",
    "help.emergency": "En una emergencia, llame al 911.",
    "help.poison": "Si alguien tomó de más, llame a Poison Control al 1-800-222-1222.",
    "help.talk": "Usted tiene derecho a hablar con la farmacia sobre esta medicina.",
}


def _ours(texts: dict[str, str]) -> dict[str, Words]:
    return {key: Words(text, OURS) for key, text in texts.items()}


SHIPPED: Final[Shipped] = {
    Part.DIRECTIONS: DIRECTIONS,
    Part.LABEL: _ours(LABEL),
    Part.LEAFLET: _ours(LEAFLET),
}
