"""Demo cases: one in each of the states that a day of support sees."""

from django.contrib.auth import get_user_model

from cases import reference
from cases.constants import State
from cases.models import Case, Macro
from cases.services import opening, work
from core import context
from core.audit import journal
from core.cases import Report
from core.roles import Role

QUESTIONS = (
    ("La app no muestra mis tiendas", "Desde esta mañana la lista está vacía.", 1),
    ("¿Cómo corrijo una visita de ayer?", "Marqué un producto que no estaba.", 2),
    ("No llega el correo de la contraseña", "Lo pedí dos veces.", 2),
    ("¿Quién atiende la tienda nueva?", "", 3),
)
MACROS = (
    {
        "title": "Pedir una foto",
        "reply": "¿Nos envías una foto del estante, por favor?",
        "to_state": State.WAITING_SELLER.value,
    },
    {
        "title": "Actualizar la app",
        "reply": "La versión nueva de la app lo corrige. ¡Gracias por avisar!",
        "to_state": State.RESOLVED.value,
        "resolution": "answered",
    },
)


def load() -> str:
    """Make the demo cases and macros, unless there are cases already."""
    reference.load()
    if Case.objects.exists():
        return "cases are here already"
    for fields in MACROS:
        macro = Macro.objects.create(**fields)
        journal.record(journal.Action.CREATE, macro, changes=journal.initial(macro))
    made = [
        opening.report(Report("question", subject, details), priority=priority)
        for subject, details, priority in QUESTIONS
    ]
    users = get_user_model()._default_manager
    admin = users.filter(role=Role.ADMIN, is_active=True).order_by("pk").first()
    if admin is not None:
        with context.acting_as(context.Actor("user", admin.pk, str(admin), admin.role)):
            work.take(case=made[1], user_id=admin.pk)
            work.wait(case=made[2], to=State.WAITING_SELLER, note="¿Con qué dirección?")
            work.resolve(case=made[3], resolution="answered", note="La atiende Luis desde hoy.")
    return f"{len(made)} cases, {len(MACROS)} macros"
