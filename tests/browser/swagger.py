"""Swagger UI by what a person sees: operations have a method and a path, answers a status."""

import json

from selenium.webdriver.support.select import Select

from tests.browser.chromium import CSS, until


class Docs:
    """The opened page."""

    def __init__(self, driver, door, path):
        self.driver, self.door = driver, door
        self.refused = set()  # the statuses that the test asks for
        driver.get(door + path)
        until(driver, lambda: driver.find_elements(CSS, ".opblock"))

    def authorize(self, token):
        self.driver.execute_script("scrollTo(0, 0)")
        until(
            self.driver,
            lambda: self.driver.find_elements(CSS, ".scheme-container .btn.authorize"),
        )[0].click()
        dialog = until(self.driver, lambda: self.driver.find_element(CSS, ".modal-ux"))
        dialog.find_element(CSS, "input").send_keys(token)
        dialog.find_element(CSS, "button.authorize").click()
        until(self.driver, lambda: dialog.find_elements(CSS, "[aria-label='Remove authorization']"))
        dialog.find_element(CSS, ".btn-done").click()
        until(self.driver, lambda: not self.driver.find_elements(CSS, ".modal-ux"))

    def operation(self, method, path):
        """Unfold an operation, unless it is, and press "Try it out"."""
        return Operation(self.driver, method, path)

    def execute(self, method, path, parameters=None, *, body=None):
        """Fill in one operation and return what its "Execute" shows."""
        operation = self.operation(method, path)
        for name, value in (parameters or {}).items():
            operation.fill(name, value)
        if body is not None:
            operation.write(body)
        return operation.execute()


class Operation:
    """One operation's part of the page."""

    def __init__(self, driver, method, path):
        self.driver, self.title = driver, f"{method} {path}"
        self.selector = f'.opblock-{method.lower()}:has([data-path="{path}"])'
        self.block = until(driver, self.scroll_to)
        if "is-open" not in self.block.get_attribute("class").split():
            self.block.find_element(CSS, ".opblock-summary-control").click()
        button = self.wait_for(".try-out__btn")
        if "cancel" not in button.get_attribute("class").split():
            button.click()
        self.wait_for("button.execute")

    def scroll_to(self):
        """The operation, or None after a further step: the page draws what is in sight."""
        if found := self.driver.find_elements(CSS, self.selector):
            self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found[0])
            return found[0]
        self.driver.execute_script(
            "const end = scrollY + innerHeight >= document.body.scrollHeight - 2;"
            "scrollTo(0, end ? 0 : scrollY + innerHeight / 2);"
        )
        return None

    def wait_for(self, selector):
        found = until(self.driver, lambda: self.block.find_elements(CSS, selector))
        return found[0]

    def parameter(self, name):
        return self.wait_for(f'tr[data-param-name="{name}"]')

    def fill(self, name, value):
        """Type a parameter; choose those of a list."""
        if isinstance(value, list):
            choice = Select(self.parameter(name).find_element(CSS, "select"))
            for one in value:
                choice.select_by_value(one)
            return
        self.retype(self.parameter(name).find_element(CSS, "input"), value)

    def choose(self, name, value):
        Select(self.parameter(name).find_element(CSS, "select")).select_by_value(value)

    def write(self, body):
        """Type the JSON body over the example."""
        self.retype(self.wait_for("textarea.body-param__text"), json.dumps(body))

    def retype(self, field, text):
        """Paste over what is there: the page draws itself anew after each key."""
        field.click()
        self.driver.execute_script(
            "document.execCommand('selectAll');"
            "document.execCommand('insertText', false, arguments[0]);",
            text,
        )

    def attach(self, name, path):
        row = self.wait_for(f'.parameters[data-property-name="{name}"]')
        row.find_element(CSS, "input[type=file]").send_keys(str(path))

    def execute(self):
        """Press "Execute" and return the new answer that the page shows."""
        if old := self.block.find_elements(CSS, "button.btn-clear"):
            old[0].click()
            until(
                self.driver,
                lambda: not self.block.find_elements(CSS, ".live-responses-table"),
            )
        self.wait_for("button.execute").click()
        return Shown(self, self.wait_for(".live-responses-table .response"))


class Shown:
    """The answer as the page shows it."""

    def __init__(self, operation, row):
        self.operation, self.row = operation, row
        self.status = row.find_element(CSS, ".response-col_status").text.split()[0]

    def part(self, title):
        """The text below one of the answer's headings; "" when it has no such part."""
        script = """
            const heading = [...arguments[0].querySelectorAll("h5")].find(
                (one) => one.textContent === arguments[1]);
            const code = heading && heading.parentElement.querySelector("pre");
            return code ? code.textContent : "";
        """
        return self.operation.driver.execute_script(script, self.row, title)

    @property
    def json(self):
        return json.loads(self.part("Response body"))

    @property
    def headers(self):
        lines = [one.text.strip() for one in self.row.find_elements(CSS, ".headerline")]
        return {name: value for name, _, value in (line.partition(": ") for line in lines)}

    @property
    def address(self):
        return self.operation.wait_for(".request-url pre").text

    @property
    def link(self):
        return self.row.find_element(CSS, "a[download]")
