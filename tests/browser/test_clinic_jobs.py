"""What support does with records of patients: move a study, and say who looked."""

import csv
import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from selenium.webdriver.common.keys import Keys

from tests.browser.chromium import until

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(180),
    pytest.mark.skipif("clinic" not in settings.PLATFORM_APPS, reason="the app is off"),
]
STUDY = {
    "urgency_level": "HIGH",
    "body_part": "CHEST",
    "description": "Control",
    "type": "XRAY",
}


def patient(staff, first_name):
    body = {"first_name": first_name, "last_name": "Rojas", "birth_date": "1980-05-17"}
    return staff.make("/api/patients", body)


def test_a_study_under_the_wrong_patient_is_moved_with_five_clicks(staff):
    wrong, right = patient(staff, "Ana"), patient(staff, "Inés")
    study = staff.make("/api/studies", {**STUDY, "patient": wrong["id"]})
    staff.press("#nav-sidebar-apps a[href='/admin/clinic/study/']")
    staff.press("#result_list tbody th a")  # the newest one
    staff.arrive(f"/{study['id']}/change/")
    staff.press("a[href$='/move/']")
    until(staff.driver, lambda: staff.shown("#id_q"))[0].send_keys(str(right["id"]), Keys.ENTER)
    staff.press(f"#found a[href$='into={right['id']}']")
    shown = staff.text("#preview")
    assert all(str(one["id"]) in shown for one in (wrong, right))
    staff.fill("reason", "Era de Inés.")
    staff.press("[name=confirm]")
    staff.arrive("/change/")
    assert staff.look_up(f"/api/studies/{study['id']}")[1]["patient"] == right["id"]
    assert len(staff.presses) == 5


def test_who_looked_at_a_patient_is_said_with_five_clicks(staff, downloads):
    seen = patient(staff, "Ana")
    assert staff.look_up(f"/api/patients/{seen['id']}")[0] == 200
    staff.press("#nav-sidebar-apps a[href='/admin/clinic/patient/']")
    staff.press("#result_list tbody th a")  # the newest one
    staff.arrive(f"/{seen['id']}/change/")
    staff.press("a[href$='/looks/']")
    today = dt.datetime.now(ZoneInfo(settings.TIME_ZONE)).date()
    for name, day in (("since", today - dt.timedelta(days=7)), ("until", today)):
        field = until(staff.driver, lambda name=name: staff.shown(f"[name={name}]"))[0]
        # A date's own field takes its keys in the order of the browser's language.
        staff.driver.execute_script("arguments[0].value = arguments[1]", field, str(day))
    staff.fill("person", "admin@")
    staff.press("form[method=get] button:not([name])")
    staff.arrive("since=")
    rows = until(staff.driver, lambda: staff.shown("tbody tr"))
    assert "admin@plaza.example" in rows[-1].text
    assert "GET /" not in staff.text("main")
    staff.press("[name=csv]")
    saved = downloads / f"patient-{seen['id']}-looks.csv"
    until(staff.driver, saved.exists)
    with saved.open(encoding="utf-8-sig", newline="") as file:
        lines = [*csv.reader(file)]
    # The newest first, and these pages are looks themselves; the oldest one is the API's.
    assert f"GET /api/patients/{seen['id']}" in lines[-1]
    assert "admin@plaza.example" in lines[-1]
    assert len(staff.presses) == 5
