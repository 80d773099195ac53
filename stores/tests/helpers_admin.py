"""The app's pages in the admin: who looks, what is shown, what is said."""

import re

from django.contrib.messages import get_messages

from core.models import JournalEntry
from core.roles import Role
from users.tests import helpers_signed_in

ADMIN = "/admin/stores/"


def signed_in(role=Role.ADMIN):
    """Return a client that somebody is signed in with: an administrator, if nobody else is said."""
    return helpers_signed_in.signed_in(role)


def inline(prefix, rows=0):
    """Return the fields by which an inline of rows that are only shown says how many."""
    return {f"{prefix}-TOTAL_FORMS": str(rows), f"{prefix}-INITIAL_FORMS": str(rows)}


def page(response):
    """Return the text of a page that is there."""
    assert response.status_code == 200, response.content[:2000]
    return response.content.decode()


def cells(response):
    """Return the table of a preview, row by row, without its headers."""
    table = page(response).partition('id="preview"')[2].partition("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    return [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in rows][1:]


def listed(response):
    """Return the rows of a list."""
    assert response.status_code == 200, response.content[:2000]
    return list(response.context["cl"].result_list)


def errors_of(response):
    """Return what is wrong with the form that is shown again, by field."""
    assert response.status_code == 200, response.content[:2000]
    context = response.context
    form = context["adminform"].form if "adminform" in context else context["form"]
    return form.errors


def notices(response):
    """Return what the answer tells the person at the screen, beside what was told before."""
    return [str(message) for message in get_messages(response.wsgi_request)._queued_messages]


def done(response):
    """Assert that something was done, and return what it says."""
    assert response.status_code == 302, errors_of(response)
    return notices(response)


def act(client, path, action, *rows, **data):
    """Run an action on rows of a list; return what it says."""
    keys = [str(row.pk) for row in rows]
    return done(client.post(path, {"action": action, "_selected_action": keys, **data}))


def confirm(client, path, data):
    """Ask for the preview, then confirm exactly it; return the preview and what was said."""
    shown = client.post(path, data)
    seal = shown.context["previewed"]
    said = done(client.post(path, {**data, "previewed": seal, "confirm": "1"}))
    return shown, said


def history_of(row):
    """Return the journal's lines about a row: action, who, changes and reason."""
    lines = JournalEntry.objects.filter(model=row._meta.label, object_id=str(row.pk))
    return list(lines.order_by("pk").values_list("action", "actor_id", "changes", "reason"))
