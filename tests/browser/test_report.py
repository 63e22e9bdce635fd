"""The report in a real browser: it renders without an error, nothing is fetched, nothing is wider than the page."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from flows.report import report
from tests.flows.synthetic import rich

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--enable-logging=stderr", "--v=0", "--virtual-time-budget=5000",
)  # fmt: skip
PROBE = """
<script>
addEventListener("load", () => {
  const wide = [...document.querySelectorAll("svg.chart text, h1, h2, h3, .tile")].filter(found => {
    const box = found.getBoundingClientRect();
    return box.right > innerWidth + 1 || box.left < -1;
  });
  document.body.dataset.probe = JSON.stringify({
    fetched: performance.getEntriesByType("resource").map(entry => entry.name),
    wide: wide.map(found => found.textContent.slice(0, 40)),
    overflow: document.documentElement.scrollWidth - innerWidth,
    cut: [...document.querySelectorAll(".wide")].filter(found => found.scrollWidth > found.clientWidth + 1).length,
    charts: document.querySelectorAll("svg.chart").length,
  });
});
addEventListener("error", event => console.error("failed: " + event.message));
</script>
</body>"""


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_renders_without_errors(tmp_path: Path, width: int, scheme: str) -> None:
    with rich(tmp_path / "ledger.duckdb", documents=2000) as ledger:
        html = report(ledger)
    (tmp_path / "report.html").write_text(html.replace("</body>", PROBE), encoding="utf-8")
    scheme_flag = f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}"
    done = subprocess.run(
        [
            str(CHROMIUM), *FLAGS, scheme_flag, f"--window-size={width},2000",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--dump-dom", (tmp_path / "report.html").as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True, env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip
    errors = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    assert not errors, errors
    start = done.stdout.index('data-probe="') + len('data-probe="')
    found = json.loads(done.stdout[start : done.stdout.index('"', start)].replace("&quot;", '"'))
    assert found["fetched"] == [] and found["wide"] == [] and found["overflow"] <= 0
    assert found["cut"] == 0 or width < 1280
    assert found["charts"] >= 10
