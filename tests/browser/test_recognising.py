"""Support says in a real browser what a product is: photo, search, preview, in five presses."""

import pytest
from django.conf import settings
from selenium.webdriver.common.keys import Keys

from tests.browser.chromium import CSS, until
from tests.browser.staff import Staff

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(180),
    pytest.mark.skipif("stores" not in settings.PLATFORM_APPS, reason="the app is off"),
]
LIST = "stores/unrecognisedgroup/"
SELECTED = ".select2-selection__rendered"


@pytest.mark.parametrize(
    ("door", "word"), [("node", "kumis botella"), ("nginx", "leche entera en caja")]
)
def test_a_product_is_recognised_with_five_presses(request, driver, door, word):
    staff = Staff(driver, request.getfixturevalue(door).port, "en")
    staff.open(f"/admin/{LIST}?state__exact=open&q={word}")
    staff.press("#result_list tbody th a")
    staff.press("a[href$='/recognise/']")
    until(driver, lambda: driver.find_elements(CSS, ".recognise-photo img"))
    image = driver.find_element(CSS, ".recognise-photo img")
    until(driver, lambda: image.get_property("naturalWidth") == 800)
    assert "red box" in image.get_attribute("alt")
    box = driver.find_element(CSS, ".recognise-box").rect
    # The box begins at 0.3 of both sides and is 0.35 by 0.3 of the picture as it is shown.
    assert abs(box["width"] / image.rect["width"] - 0.35) < 0.02
    assert abs(box["height"] / image.rect["height"] - 0.3) < 0.02
    assert abs((box["x"] - image.rect["x"]) / image.rect["width"] - 0.3) < 0.02
    staff.press(".select2-selection")
    until(driver, lambda: driver.find_elements(CSS, ".select2-search__field"))
    search = driver.find_element(CSS, ".select2-search__field")
    search.send_keys("9520010000018")
    until(driver, lambda: driver.find_elements(CSS, ".select2-results__option--highlighted"))
    until(
        driver,
        lambda: "Leche entera UHT 1 L" in driver.find_element(CSS, ".select2-results").text,
    )
    search.send_keys(Keys.ENTER)
    until(driver, lambda: "Leche entera UHT 1 L" in driver.find_element(CSS, SELECTED).text)
    driver.find_element(CSS, "[name=reason]").send_keys("Es la leche entera.")
    staff.is_content()
    staff.press("[name=preview]")
    until(driver, lambda: driver.find_elements(CSS, "#preview"))
    assert "Items that are decided: 1" in driver.find_element(CSS, "#preview").text
    staff.press("[name=confirm]")
    until(driver, lambda: LIST in driver.current_url and "state__exact=open" in driver.current_url)
    assert "1 product decided." in driver.find_element(CSS, "body").text
    assert len(staff.presses) == 5
    staff.is_content()
    staff.leave()
