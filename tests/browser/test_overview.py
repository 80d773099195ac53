"""A manager's question, answered in Chromium with three presses, for everybody to read."""

import pytest
from django.conf import settings

from tests.browser import axe
from tests.browser.chromium import CSS, until
from tests.browser.staff import Staff

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(180),
    pytest.mark.skipif("stores" not in settings.PLATFORM_APPS, reason="stores is off"),
]
HEAT = "[data-part=heat] tbody td a"
PARTS = ("products", "cities", "stores", "sellers")
WIDTH = "return document.documentElement.scrollWidth"


@pytest.mark.parametrize("language", ["es", "en"])
def test_what_is_missing_where_takes_three_presses(driver, node, language):
    staff = Staff(driver, node.port, language)
    staff.open()
    staff.press("#nav-sidebar-apps a[href='/admin/field/']")
    for area in ("region", "department"):
        until(driver, lambda: staff.shown(HEAT))
        staff.press(HEAT, "%")
        staff.arrive(f"{area}=")
    assert len(staff.presses) == 3
    [first, *_others] = until(driver, lambda: staff.shown("[data-part=products] tbody tr"))
    cells = [cell.text for cell in first.find_elements(CSS, "td")]
    assert int(cells[0]) <= int(cells[1])
    assert all(" de " in cell or " of " in cell for cell in cells[3:5]), cells
    assert all(staff.shown(f"[data-part={part}]") for part in PARTS)
    for theme in ("light", "dark"):
        for phone in (False, True):
            staff.dress(theme, phone=phone)
            assert axe.findings(driver) == [], (theme, phone)
            assert not phone or driver.execute_script(WIDTH) <= 390
    staff.dress("light", phone=False)
    staff.is_content()
    staff.leave()
