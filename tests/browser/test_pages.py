"""Every page of the admin, found by its links: in two languages, two themes, at a desk and a phone.

A page is at fault when the console says something, axe finds something, it is wider than a phone,
or a reader of Spanish meets English or a word of code.
"""

import json
from collections import deque

import pytest
from django.contrib import admin
from django.urls import Resolver404, URLPattern, resolve, reverse

from scripts import proxy
from tests.browser import axe, chromium, words
from tests.browser.staff import PHONE, Staff

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
SHOTS = proxy.ROOT / "var" / "browser"
# A theme, and whether on a phone. Spanish is the longer one, and what axe finds has no language:
# English is looked at in the look that Spanish has not.
LOOKS = {"es": [("light", False), ("dark", True)], "en": [("dark", False)]}
LINKS = "return [...document.querySelectorAll('a[href]')].map((one) => one.href.split('#')[0])"
# No pages, or pages that no link of the demo data leads to.
NOT_LINKED = {
    "admin:admin_password_reset": "is for who is not signed in; it is in a test of its own",
    "admin:autocomplete": "answers a script",
    "admin:cases_case_do": "takes a POST only",
    "admin:clinic_patient_undo_merge": "leads back where nothing was merged",
    "admin:jsi18n": "is a script",
    "admin:login": "is left behind by who is signed in; it is in a test of its own",
    "admin:logout": "takes a POST only",
    "admin:movies_gonemovie_replace": "needs a film that TMDB took away",
    "admin:new_password": "is for who is not signed in; it is in a test of its own",
    "admin:password_change_done": "comes after a POST",
    "admin:search": "answers a script; the jobs of support use it",
    "admin:set_language": "takes a POST only",
    "admin:stores_photo_picture": "is a picture",
    "admin:stores_productalias_forget": "needs a name that support taught",
    "admin:stores_unrecognisedgroup_alias_of": "needs rows that were chosen",
    "admin:view_on_site": "leads out of the admin",
}
STANDARD = ("_add", "_change", "_changelist", "_delete", "_history")


def named(model):
    return f"{model._meta.app_label}_{model._meta.model_name}"


def custom_pages():
    """The names of the admin's pages that Django does not bring for each model."""

    def names(patterns):
        for one in patterns:
            if isinstance(one, URLPattern):
                yield one.name
            else:
                yield from names(one.url_patterns)

    return {f"admin:{one}" for one in names(admin.site.get_urls()) if one} - {
        f"admin:{named(model)}{name}" for model in admin.site._registry for name in STANDARD
    }


def view_of(address, root):
    """The name of the admin's view at an address, or nothing."""
    if not address.startswith(f"{root}/admin/") or "_popup=" in address:
        return ""  # a popup has no menu, and its page is found without
    try:
        return resolve(address.removeprefix(root).partition("?")[0]).view_name
    except Resolver404:
        return ""


def crawl(staff):
    """Open one page of each view, and yield its view's name."""
    seen, waiting = {*NOT_LINKED, "admin:index"}, deque([("admin:index", f"{staff.root}/admin/")])
    while waiting:
        view, address = waiting.popleft()
        staff.driver.get(address)
        if staff.driver.execute_script("return document.contentType") != "text/html":
            chromium.complaints(staff.driver)  # of the browser's own page around it
            continue  # a picture, a file
        if view_of(staff.driver.current_url, staff.root) != view:
            seen.discard(view)  # what the link led to has gone: another one may lead there
            continue
        assert staff.is_in_their_language()
        links = staff.driver.execute_script(LINKS)
        yield view
        for link in links:
            name = view_of(link, staff.root)
            if name and name not in seen:
                seen.add(name)
                waiting.append((name, link))


def faults_of(staff, theme, *, phone):
    """What is wrong with the page in one of its looks."""
    staff.dress(theme, phone=phone)
    found = axe.findings(staff.driver)
    width = staff.driver.execute_script("return document.documentElement.scrollWidth")
    if phone and width > PHONE["width"]:
        found.append(f"wider than a phone: {width}")
    return found


def keep(driver, name):
    """Keep what the page looks like."""
    (SHOTS / f"{name}.png").write_bytes(driver.get_screenshot_as_png())


@pytest.fixture
def door(node, request):
    """The port of the outer door, which says what a page may load, where there is one."""
    return request.getfixturevalue("nginx").port if proxy.nginx_path() else node.port


@pytest.mark.parametrize("language", ["es", "en"])
def test_no_page_for_who_is_not_signed_in_is_at_fault(driver, door, language):
    names = ("login", "admin_password_reset", "new_password")
    # The last two are what is said of an address that is none, and, for programmers, of a code.
    addresses = [*(reverse(f"admin:{name}") for name in names), "/admin/nowhere/"]
    addresses.append(f"{reverse('problem-page', args=['not_found'])}?lang={language}")
    staff, found = Staff(driver, door, language), {}
    driver.delete_cookie("sessionid")
    for address in addresses:
        staff.open(address)
        faults = words.faults(driver) if language == "es" and "/docs/" not in address else []
        for theme, phone in LOOKS[language]:
            faults += faults_of(staff, theme, phone=phone)
        if faults := faults + chromium.complaints(driver, {404}):
            found[address] = faults
    staff.leave()
    assert found == {}


@pytest.mark.parametrize("language", ["es", "en"])
def test_no_page_of_the_admin_is_at_fault(driver, door, language):
    SHOTS.mkdir(parents=True, exist_ok=True)
    staff, found, visited = Staff(driver, door, language), {}, set()
    staff.open()  # what is waiting is counted there, and linked from the next page's menu
    for view in crawl(staff):
        visited.add(view)
        faults = words.faults(driver) if language == "es" else []
        for theme, phone in LOOKS[language]:
            faults += faults_of(staff, theme, phone=phone)
            if language == "es":
                keep(driver, f"{view.partition(':')[2]}-{theme}-{'phone' if phone else 'desk'}")
        if faults := faults + chromium.complaints(driver, wait=0):
            found[driver.current_url.removeprefix(staff.root)] = sorted({*faults})
        staff.dress("light", phone=False)
    staff.leave()
    text = json.dumps(found, ensure_ascii=False, indent=1)
    (SHOTS / f"faults-{language}.json").write_text(text, "utf-8")
    assert found == {}, text
    assert custom_pages() - visited <= {*NOT_LINKED}
    lists = {
        f"admin:{one._meta.app_label}_{one._meta.model_name}_changelist"
        for one in admin.site._registry
    }
    assert lists <= visited
