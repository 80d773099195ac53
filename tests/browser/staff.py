"""Somebody of the staff at the admin: what they press is counted, what they type is not."""

import json

from selenium.webdriver.common.keys import Keys

from tests.browser import chromium
from tests.browser.calls import ADMIN, ask
from tests.browser.chromium import CSS, until

MOST_PRESSES = 5  # that a job of every day may take
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
THEME = "document.documentElement.classList.toggle('dark', arguments[0] === 'dark')"


class Staff:
    """A person who is signed in, in a language of theirs."""

    def __init__(self, driver, port, language="es", person=ADMIN):
        self.driver, self.presses = driver, []
        self.root = f"http://127.0.0.1:{port}"
        driver.delete_all_cookies()
        driver.get(f"{self.root}/admin/")
        for name, value in zip(("username", "password"), person, strict=True):
            driver.find_element(CSS, f"[name={name}]").send_keys(value)
        driver.find_element(CSS, "form [type=submit]").click()
        until(driver, lambda: driver.current_url == f"{self.root}/admin/")
        driver.add_cookie({"name": "language", "value": language, "path": "/admin/"})
        self.language = language

    def open(self, path="/admin/"):
        """Go to an address; where a job begins, this is no press."""
        self.driver.get(self.root + path)
        assert self.is_in_their_language()

    def is_in_their_language(self):
        return self.driver.find_element(CSS, "html").get_attribute("lang") == self.language

    def shown(self, selector):
        """The elements with a selector that can be seen."""
        found = self.driver.find_elements(CSS, selector)
        return [one for one in found if one.is_displayed()]

    def press(self, selector, text=""):
        """Press the first thing with a selector that can be seen, and has this text in it."""

        def wanted():
            return [one for one in self.shown(selector) if text in one.text]

        found = until(self.driver, wanted)[0]
        # Not below the row of buttons that stays at the bottom.
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
        found.click()
        self.presses.append(f"{selector} {text}".strip())

    def text(self, selector):
        return until(self.driver, lambda: self.driver.find_elements(CSS, selector))[0].text

    def fill(self, name, value):
        """Type over what a field has."""
        field = until(self.driver, lambda: self.shown(f"[name={name}]"))[0]
        field.clear()
        field.send_keys(value)

    def wait(self, text, selector="body"):
        """Wait until the page says so."""
        until(self.driver, lambda: text in self.text(selector))

    def arrive(self, part):
        """Wait until the address has this in it."""
        until(self.driver, lambda: part in self.driver.current_url)

    def find(self, text, title):
        """Type into the search (Ctrl+K) and choose a hit, by the keyboard alone."""
        self.driver.find_element(CSS, "body").send_keys(Keys.CONTROL, "k")
        search = until(self.driver, lambda: self.shown("#search-input-command"))[0]
        search.send_keys(text)
        hits = until(self.driver, lambda: self.shown("#command-results-list a"))
        titles = [one.text for one in hits]
        place = next(number for number, one in enumerate(titles) if title in one)
        search.send_keys(*[Keys.ARROW_DOWN] * (place + 1), Keys.ENTER)
        until(self.driver, lambda: self.shown("#content form"))

    def look_up(self, path, **options):
        """What the API says meanwhile: status and body."""
        status, _headers, body = ask(f"{self.root}{path}", **options)
        return status, json.loads(body) if body else None

    def make(self, path, body):
        """Make something by the API, for the job to be about."""
        status, made = self.look_up(path, method="POST", body=body)
        assert status == 201, made
        return made

    def dress(self, theme, *, phone):
        """Show the page in a theme, on a phone or at a desk."""
        self.driver.execute_script(THEME, theme)
        if phone:
            self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
        else:
            self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def leave(self):
        """Leave the browser as it was found."""
        self.dress("light", phone=False)
        self.driver.delete_all_cookies()

    def is_content(self):
        """The console has nothing to say."""
        assert chromium.complaints(self.driver) == []
