"""Support works off its queue in a real browser, in Spanish, at a desk and on a phone."""

from importlib.util import find_spec

import pytest
from django.conf import settings
from selenium.webdriver.common.keys import Keys

from tests.browser import chromium
from tests.browser.calls import ADMIN
from tests.browser.chromium import CSS, until

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(180),
    pytest.mark.skipif("cases" not in settings.PLATFORM_APPS, reason="the app is off"),
]
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
has_page = find_spec("stores.admin.recognising") is not None


@pytest.fixture
def desk(driver, node):
    """The queue as support opens it, signed in and in Spanish."""
    address = f"http://127.0.0.1:{node.port}/admin/"
    driver.delete_all_cookies()
    driver.get(address)
    for name, value in zip(("username", "password"), ADMIN, strict=True):
        driver.find_element(CSS, f"[name={name}]").send_keys(value)
    driver.find_element(CSS, "form [type=submit]").click()
    until(driver, lambda: driver.current_url == address)
    driver.add_cookie({"name": "django_language", "value": "es"})
    yield Desk(driver, f"{address}cases/case/")
    driver.delete_all_cookies()


class Desk:
    """The pages, and what was pressed on them."""

    def __init__(self, driver, address):
        self.driver, self.address, self.presses = driver, address, []

    def open(self, query=""):
        self.driver.get(self.address + query)
        until(self.driver, lambda: self.shown("#queues a"))
        assert self.driver.find_element(CSS, "html").get_attribute("lang") == "es"

    def shown(self, selector):
        found = self.driver.find_elements(CSS, selector)
        return [one for one in found if one.is_displayed()]

    def press(self, selector):
        until(self.driver, lambda: self.shown(selector))
        self.shown(selector)[0].click()
        self.presses.append(selector)

    def text(self, selector):
        return until(self.driver, lambda: self.driver.find_elements(CSS, selector))[0].text


def test_a_macro_ends_a_case_with_two_presses(desk):
    desk.open("?queue=unassigned&kind=question")
    subject = "La app no muestra mis tiendas"
    assert subject in desk.text("#result_list")
    row = f"//*[@id='result_list']//a[contains(., '{subject}')]"
    desk.driver.find_element("xpath", row).click()
    desk.presses.append(row)
    until(desk.driver, lambda: desk.shown("#case"))
    assert subject in desk.text("#case")
    assert chromium.complaints(desk.driver) == []
    desk.press("button[title^='La versión nueva']")
    until(desk.driver, lambda: desk.shown("#work-reopen"))
    assert "La versión nueva de la app lo corrige." in desk.text("#events + ol")
    assert len(desk.presses) == 2
    assert chromium.complaints(desk.driver) == []


def test_a_case_is_answered_by_keyboard_on_a_phone(desk):
    desk.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        desk.open("?kind=question")
        assert_fits(desk.driver)
        desk.press("#result_list tbody th a")
        until(desk.driver, lambda: desk.shown("#case"))
        assert_fits(desk.driver)
        desk.driver.find_element(CSS, "#work-reply summary").send_keys(Keys.ENTER)
        until(desk.driver, lambda: desk.shown("#id_reply_text"))
        assert_fits(desk.driver)
        desk.driver.find_element(CSS, "#id_reply_text").send_keys("Lo miramos hoy.")
        desk.driver.find_element(CSS, "#work-reply [name=internal]").send_keys(Keys.ENTER)
        until(desk.driver, lambda: "Lo miramos hoy." in desk.text("#events + ol"))
        assert chromium.complaints(desk.driver) == []
    finally:
        desk.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def assert_fits(driver):
    """Nothing of the page itself lies beside the screen; a table may scroll within it."""
    assert driver.execute_script("return document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.skipif(not has_page, reason="the app stores has no page to decide on")
def test_an_unknown_product_is_decided_from_the_queue_with_five_presses(desk):
    desk.open("?kind=unrecognised")
    if not desk.shown("#result_list tbody th a"):
        pytest.skip("the demo data has nothing that phones could not name")
    desk.press("#result_list tbody th a")
    desk.press("#decide")
    desk.press(".select2-selection")
    until(desk.driver, lambda: desk.shown(".select2-search__field"))
    search = desk.shown(".select2-search__field")[0]
    search.send_keys("9520010000018")
    until(desk.driver, lambda: "Leche entera" in desk.text(".select2-results"))
    search.send_keys(Keys.ENTER)
    desk.driver.find_element(CSS, "[name=reason]").send_keys("Es la leche entera.")
    desk.press("[name=preview]")
    until(desk.driver, lambda: desk.shown("#preview"))
    desk.press("[name=confirm]")
    until(desk.driver, lambda: "/recognise/" not in desk.driver.current_url)
    assert len(desk.presses) == 5
    assert chromium.complaints(desk.driver) == []
