"""Chromium as a person has it, and what its console said meanwhile."""

import os
import re
import shutil
import time

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

CSS = By.CSS_SELECTOR
PATIENCE_SECONDS = 20
NETWORK = re.compile(
    r"(?P<url>\S+) - Failed to load resource: the server responded with a status of (?P<status>\d+)"
)


def missing():
    """What this machine lacks; "" when all is there."""
    names = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return f"{' and '.join(names)} not installed (Debian: chromium, chromium-driver)" * bool(names)


def start(downloads):
    """A browser without a window that saves what it downloads in a folder."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    options.add_argument("--headless=new")
    options.add_argument("--window-size=1400,1600")
    options.add_argument("--disable-dev-shm-usage")  # containers have 64 MB there
    options.add_argument("--no-proxy-server")  # everything is on this machine
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium as root demands it
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options, Service(shutil.which("chromedriver")))


def until(driver, condition):
    """What ``condition`` returns, once that is true."""
    changes = (StaleElementReferenceException,)  # the page meanwhile: it is asked again
    wait = WebDriverWait(driver, PATIENCE_SECONDS, 0.05, ignored_exceptions=changes)
    return wait.until(lambda _driver: condition())


def complaints(driver, refused=(), wait=0.1):
    """What the console says in earnest, but for the statuses that the test asked for."""
    time.sleep(wait)  # the log has no end to wait for
    said = []
    for line in driver.get_log("browser"):
        found = NETWORK.match(line["message"])
        asked_for = found is not None and int(found["status"]) in refused
        if line["level"] in {"WARNING", "SEVERE"} and not asked_for:
            said.append(line["message"])
    return said
