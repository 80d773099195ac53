"""Staff signs in and out at either door, and the console has nothing to say."""

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser import chromium
from tests.browser.chromium import CSS, until
from tests.browser.staff import Staff

pytestmark = [pytest.mark.long, pytest.mark.timeout(180)]


@pytest.mark.parametrize("door", ["node", "nginx"])
def test_an_administrator_signs_in_looks_around_and_signs_out(request, driver, door):
    staff = Staff(driver, request.getfixturevalue(door).port, "en")
    for page in ("users/user", "core/journalentry"):
        staff.open(f"/admin/{page}/")
        staff.press("#result_list tbody th a")
        until(driver, lambda: staff.shown("#content form"))
        assert chromium.complaints(driver) == [], page
    driver.find_element(CSS, "body").send_keys(Keys.TAB)
    driver.switch_to.active_element.send_keys(Keys.ENTER)
    assert driver.switch_to.active_element.get_attribute("id") == "content"
    # The menu of one's own opens by the keyboard, and signing out is a button in it.
    driver.find_element(CSS, "[x-on\\:click*=openUserLinks][role=button]").send_keys(" ")
    staff.press("#logout-form button")
    until(driver, lambda: driver.get_cookie("sessionid") is None)
    assert chromium.complaints(driver) == []
