"""axe-core (https://github.com/dequelabs/axe-core), which finds what keeps people from a page."""

import subprocess
from pathlib import Path

from scripts import npm

HERE = Path(__file__).resolve().parent
SCRIPT = HERE / "node_modules" / "axe-core" / "axe.min.js"
# WCAG 2.2, levels A and AA, and what is held good besides. Its rule on the size of what is pressed
# is off unless it is asked for.
RUN = """
    const done = arguments[arguments.length - 1];
    axe.run({
        preload: false,
        resultTypes: ["violations"],
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        rules: {"target-size": {enabled: true}},
    }).then(({violations}) => done(violations.flatMap(({id, nodes}) => nodes.map((node) =>
        `${id}: ${node.html.slice(0, 120)} ${node.any.map((one) => one.message).join("; ")}`
    ))), (error) => done([String(error)]));
"""


def install():
    """Fetch axe-core as the lock file says; return why it is left out, or an empty text."""
    if lacking := npm.missing():
        return lacking
    command = [npm.NPM, "ci", "--loglevel=error", "--no-audit", "--no-fund"]
    said = subprocess.run(command, cwd=HERE, check=False, capture_output=True, text=True)
    return said.stderr.strip()[-300:] if said.returncode else ""


def findings(driver):
    """What axe finds on the page as it looks now; nothing where axe is left out."""
    if not SCRIPT.exists():
        return []
    if driver.execute_script("return typeof axe === 'undefined'"):
        driver.execute_script(SCRIPT.read_text("utf-8"))
    return driver.execute_async_script(RUN)
