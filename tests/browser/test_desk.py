"""Support works off its queue in a real browser, in Spanish, at a desk and on a phone."""

from importlib.util import find_spec

import pytest
from django.conf import settings
from selenium.webdriver.common.keys import Keys

from tests.browser.chromium import CSS, until
from tests.browser.staff import MOST_PRESSES, PHONE, Staff

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(180),
    pytest.mark.skipif("cases" not in settings.PLATFORM_APPS, reason="the app is off"),
]
QUEUE = "/admin/cases/case/"
has_page = find_spec("stores.admin.recognising") is not None


@pytest.fixture
def desk(driver, node):
    """Support at the queue, in Spanish; the console has nothing to say at the end."""
    person = Desk(driver, node.port)
    yield person
    person.is_content()
    assert len(person.presses) <= MOST_PRESSES, person.presses
    person.leave()


class Desk(Staff):
    """Somebody who works on cases."""

    def queue(self, query=""):
        self.open(QUEUE + query)
        until(self.driver, lambda: self.shown("#queues a"))


def test_a_macro_ends_a_case_with_two_presses(desk):
    desk.queue("?queue=unassigned&kind=question")
    subject = "La app no muestra mis tiendas"
    desk.press("#result_list a", subject)
    until(desk.driver, lambda: desk.shown("#case"))
    assert subject in desk.text("#case")
    desk.is_content()
    desk.press("button[title^='La versión nueva']")
    until(desk.driver, lambda: desk.shown("#work-reopen"))
    assert "La versión nueva de la app lo corrige." in desk.text("#events + ol")
    assert len(desk.presses) == 2


def test_a_case_is_answered_by_keyboard_on_a_phone(desk):
    desk.dress("light", phone=True)
    desk.queue("?kind=question")
    assert_fits(desk.driver)
    desk.press("#result_list tbody th a")
    until(desk.driver, lambda: desk.shown("#case"))
    assert_fits(desk.driver)
    desk.driver.find_element(CSS, "#work-reply summary").send_keys(Keys.ENTER)
    until(desk.driver, lambda: desk.shown("#id_reply_text"))
    assert_fits(desk.driver)
    desk.driver.find_element(CSS, "#id_reply_text").send_keys("Lo miramos hoy.")
    desk.driver.find_element(CSS, "#work-reply [name=internal]").send_keys(Keys.ENTER)
    desk.wait("Lo miramos hoy.", "#events + ol")


def assert_fits(driver):
    """Nothing of the page itself lies beside the screen; a table may scroll within it."""
    assert driver.execute_script("return document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.skipif(not has_page, reason="the app stores has no page to decide on")
def test_an_unknown_product_is_decided_from_the_queue_with_five_presses(desk):
    desk.queue("?kind=unrecognised")
    if not desk.shown("#result_list tbody th a"):
        pytest.skip("phones named everything in the demo data")  # so there is no case to open
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
    assert len(desk.presses) == MOST_PRESSES
