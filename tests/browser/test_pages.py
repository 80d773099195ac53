"""Every page of the admin, found by its links: in two languages, two themes, at a desk and a phone.

A page is at fault when the console says something, axe finds something, it is wider than a phone,
or a reader of Spanish meets English or a word of code.
"""

import json
import subprocess
import sys
from collections import deque

import pytest
from django.contrib import admin
from django.urls import Resolver404, URLPattern, resolve, reverse

from scripts import local, proxy
from tests.browser import axe, chromium, words
from tests.browser.staff import PHONE, Staff

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
SHOTS = proxy.ROOT / "var" / "browser"
# A theme, and whether on a phone. Of language, theme and width each two are seen together once; in
# each look axe runs, and on a phone the width is measured. The console, which says what the rules
# of content refuse, is read once for a language, and Spanish is searched for English.
LOOKS = {"es": [("light", False), ("dark", True)], "en": [("dark", False), ("light", True)]}
# Beside each other, as neither changes a row of the other's platform.
LANGUAGES = [
    pytest.param(language, marks=pytest.mark.xdist_group(f"pages in {language}"))
    for language in LOOKS
]
LINKS = "return [...document.querySelectorAll('a[href]')].map((one) => one.href.split('#')[0])"
# No pages, or pages that no link of the demo data leads to.
NOT_LINKED = {
    "admin:admin_password_reset": "is for who is not signed in; it is in a test of its own",
    "admin:autocomplete": "answers a script",
    "admin:cases_case_do": "takes a POST only",
    "admin:jsi18n": "is a script",
    "admin:login": "is left behind by who is signed in; it is in a test of its own",
    "admin:logout": "takes a POST only",
    "admin:new_password": "is for who is not signed in; it is in a test of its own",
    "admin:password_change_done": "comes after a POST",
    "admin:search": "answers a script; the jobs of support use it",
    "admin:set_language": "takes a POST only",
    "admin:stores_establishment_assign": "leads on to the form of an assignment",
    "admin:stores_photo_picture": "is a picture",
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


def crawl(staff, first):
    """Open one page of each view, and yield its view's name; the addresses ``first`` come first.

    Where a link leads elsewhere, the next one to the same view is followed.
    """
    shown = {*NOT_LINKED}
    waiting = deque((view_of(address, staff.root), address) for address in first)
    waiting.append(("admin:index", f"{staff.root}/admin/"))
    known = {address for _view, address in waiting}
    while waiting:
        view, address = waiting.popleft()
        if view in shown:
            continue
        staff.driver.get(address)
        if staff.driver.execute_script("return document.contentType") != "text/html":
            chromium.complaints(staff.driver)  # of the browser's own page around it
            shown.add(view)
            continue  # a picture, a file
        if view_of(staff.driver.current_url, staff.root) != view:
            continue
        assert staff.is_in_their_language()
        links = staff.driver.execute_script(LINKS)
        shown.add(view)
        yield view
        for link in links:
            name = view_of(link, staff.root)
            if name and name not in shown and link not in known:
                known.add(link)
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


@pytest.fixture(scope="module")
def platform(driver, tmp_path_factory):
    """A platform whose rows no other test changes: a root address, and pages to begin with.

    Behind the outer door, which says what a page may load, where there is one.
    """
    with local.running(tmp_path_factory.mktemp("pages")) as node:
        command = [sys.executable, "-m", "tests.browser.rows"]
        made = subprocess.run(
            command, cwd=proxy.ROOT, env=node.environment, capture_output=True, check=True
        )
        pages = json.loads(made.stdout)
        if proxy.nginx_path() is None:
            yield node.port, pages
            return
        front = proxy.Proxy(tmp_path_factory.mktemp("pages-nginx"))
        front.nodes({node.port: ""})
        with front:
            yield front.port, pages


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_for_who_is_not_signed_in_is_at_fault(driver, platform, language):
    door, _pages = platform
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_of_the_admin_is_at_fault(driver, platform, language):
    door, pages = platform
    SHOTS.mkdir(parents=True, exist_ok=True)
    staff, found, visited = Staff(driver, door, language), {}, set()
    staff.open()  # what is waiting is counted there, and linked from the next page's menu
    for view in crawl(staff, [staff.root + page for page in pages]):
        visited.add(view)
        faults = words.faults(driver) if language == "es" else []
        for theme, phone in LOOKS[language]:
            faults += faults_of(staff, theme, phone=phone)
            look = f"{language}-{theme}-{'phone' if phone else 'desk'}"
            keep(driver, f"{view.partition(':')[2]}-{look}")
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
