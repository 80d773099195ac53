"""The admin in a real browser: its pages break no rule of the Content-Security-Policy."""

import pytest
from django.conf import settings

from tests.browser import chromium
from tests.browser.calls import ADMIN
from tests.browser.chromium import CSS, until

pytestmark = [pytest.mark.long, pytest.mark.timeout(180)]
LISTS = {"dogs": "dogs/dog", "clinic": "clinic/patient", "stores": "stores/establishment"}


@pytest.mark.parametrize("door", ["node", "nginx"])
def test_an_administrator_signs_in_looks_around_and_signs_out(request, driver, door):
    address = f"http://127.0.0.1:{request.getfixturevalue(door).port}/admin/"
    driver.delete_all_cookies()
    driver.get(address)
    for name, value in zip(("username", "password"), ADMIN, strict=True):
        driver.find_element(CSS, f"[name={name}]").send_keys(value)
    driver.find_element(CSS, "form [type=submit]").click()
    until(driver, lambda: driver.current_url == address)
    lists = [page for app, page in LISTS.items() if app in settings.PLATFORM_APPS]
    for page in ["users/user", "core/journalentry", *lists]:
        driver.get(f"{address}{page}/")
        until(driver, lambda: driver.find_elements(CSS, "#result_list a"))
        assert chromium.complaints(driver) == [], page
        driver.find_element(CSS, "#result_list th a").click()
        until(driver, lambda: driver.find_elements(CSS, "#content"))
        assert chromium.complaints(driver) == [], page
    driver.execute_script("document.querySelector('form[action*=logout]').submit()")
    until(driver, lambda: driver.get_cookie("sessionid") is None)
    assert chromium.complaints(driver) == []
