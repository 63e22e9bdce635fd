"""The report and the card: valid, self-contained, the same bytes every time, and every number the ledger's own."""

import re
import textwrap
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
import yaml

from flows.pages import facts, histograms
from flows.pages.charts import Axis
from flows.pages.numbers import count, size
from flows.pages.scores import scores
from flows.pages.sections import duplicates, funnel, rules
from flows.report import QUERIES, card, report
from tasks.ledger import Ledger
from tests.flows.synthetic import HOSTILE, RULES, minimal, rich

VOID = {"meta", "link", "br", "hr", "img", "input", "col"}


class Page(HTMLParser):
    """Reads a page: that tags are balanced, what it refers to, its ids and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        assert tag != "script"
        assert not any(name.startswith("on") for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "xlink:href", "data", "srcset")]
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with rich(tmp_path_factory.mktemp("rich") / "ledger.duckdb", documents=4000) as made:
        yield made


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Ledger]:
    with minimal(tmp_path / "ledger.duckdb") as made:
        yield made


def test_the_report_is_one_balanced_page_that_fetches_nothing(ledger: Ledger) -> None:
    html = report(ledger)
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    inside = {f"#{name}" for name in page.ids}
    assert all(link in inside or link == "data:," for link in page.links), page.links
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style and "@import" not in style
    assert "None" not in " ".join(page.text) and "nan" not in re.findall(r'[xy]\d?="(\w+)"', html)


def test_text_from_data_stays_text(ledger: Ledger) -> None:
    html, markdown = report(ledger), card(ledger)
    assert "<script" not in html and "<b>here" not in html
    assert "forum &lt;script&gt;" in html
    told = markdown[: markdown.index("## Settings")]
    assert "forum \\<script\\>" in told and not re.search(r"(?<!\\)<script", told)


def test_the_same_ledger_gives_the_same_bytes(ledger: Ledger, tmp_path: Path) -> None:
    with rich(tmp_path / "again.duckdb", documents=4000) as again:
        assert report(again) == report(ledger)
        assert card(again) == card(ledger)


def test_a_published_ledger_tells_the_same(ledger: Ledger, tmp_path: Path) -> None:
    ledger.publish(tmp_path / "ledger.duckdb")
    with Ledger.published(tmp_path) as published:
        assert report(published) == report(ledger)


def test_the_funnel_is_the_view_funnel(ledger: Ledger) -> None:
    steps, lives = facts.steps(ledger), facts.lives(ledger)
    made = funnel(steps, lives)
    for row in ledger.rows("SELECT * FROM funnel"):
        step, source = row["step"], row["source"]
        assert facts.total(lives, "documents", source=source, reached=step) == row["entered"]
        assert facts.total(lives, "bytes", source=source, reached=step) == row["entered_bytes"]
    last = len(steps) - 1
    ends = {
        row["source"]: row for row in ledger.rows(f"SELECT source, kept, kept_bytes FROM funnel WHERE step = {last}")
    }
    documents, in_bytes = ({row["name"]: row for row in m["rows"]} for m in made["measures"])
    for source, row in ends.items():
        assert (documents[source]["kept"], in_bytes[source]["kept"]) == (row["kept"], row["kept_bytes"])
        assert documents[source]["entered"] == documents[source]["kept"] + sum(documents[source]["gone"])
    html = report(ledger)
    assert all(
        f"<td>{count(row['kept'])}</td>" in html and f"<td>{size(row['kept_bytes'])}</td>" in html
        for row in ends.values()
    )


def test_rules_count_what_fails_and_what_only_they_fail(ledger: Ledger) -> None:
    found = {row["rule"]: row for row in rules(ledger, facts.steps(ledger), facts.lives(ledger))["rules"]}
    failing = {
        f"{group}.{rule}": f"NOT {score} {operator} {threshold}" for group, rule, score, operator, threshold in RULES
    }
    met = "scores WHERE doc_id NOT IN (SELECT doc_id FROM drops WHERE step < 1)"
    for rule, fails in failing.items():
        others = " OR ".join(f"({other})" for name, other in failing.items() if name != rule)
        assert found[rule]["fails"] == ledger.value(f"SELECT count(*) FROM {met} AND {fails}")
        assert found[rule]["alone"] == ledger.value(f"SELECT count(*) FROM {met} AND {fails} AND NOT ({others})")
    assert found["not_blank"]["fails"] == ledger.value("SELECT count(*) FROM drops WHERE rule = 'not_blank'")


def test_histograms_hold_every_document_that_met_the_rule_and_every_one_that_failed(ledger: Ledger) -> None:
    named = rules(ledger, facts.steps(ledger), facts.lives(ledger))["rules"]
    charts = {row["score"]: row for row in scores(ledger, named, ["laws", HOSTILE])["charts"]}
    assert set(charts) == {score for _, _, score, _, _ in RULES} | {"language_score"}
    reached = ledger.value(
        "SELECT count(*) FROM documents WHERE doc_id NOT IN (SELECT doc_id FROM drops WHERE step < 1)"
    )
    for score in {score for _, _, score, _, _ in RULES}:
        failed = ledger.value(
            f"SELECT count(DISTINCT doc_id) FROM drops JOIN rules USING (step, rule) WHERE score = '{score}'"
        )
        assert (charts[score]["met"], charts[score]["failed"]) == (reached, failed)


def test_quantiles_are_those_of_sql(ledger: Ledger) -> None:
    found, stride = facts.spreads(ledger, [(1, "words")])
    assert stride == 1
    expected = ledger.value(
        "SELECT quantile_disc(words::DOUBLE, [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1]) FROM scores "
        "WHERE doc_id NOT IN (SELECT doc_id FROM drops WHERE step < 1)"
    )
    assert found[None, 1, "words"]["quantiles"] == expected


def test_cluster_sizes_add_up_to_the_removed_documents(ledger: Ledger) -> None:
    found = duplicates(ledger)
    removed = ledger.value("SELECT count(*) FROM duplicates")
    assert sum(row["removed"] for row in found["sizes"]) == removed == sum(row["documents"] for row in found["methods"])
    assert len(found["largest"]) == 10
    assert [row["members"] for row in found["largest"]] == sorted(
        (r["members"] for r in found["largest"]), reverse=True
    )


def test_the_sql_to_go_on_with_runs(ledger: Ledger) -> None:
    ledger.run(
        "CREATE OR REPLACE VIEW decisions AS SELECT doc_id, step, rule, '>=' AS operator, "
        "value, label, threshold, threshold_label, false AS kept FROM drops"
    )
    for question, sql in QUERIES:
        assert ledger.rows(sql), question
    assert "decisions" in report(ledger)


def test_the_last_bar_of_crowded_contexts_says_that_it_holds_more(tmp_path: Path) -> None:
    with rich(tmp_path / "ledger.duckdb", documents=200) as crowded:
        assert "share one of the " in report(crowded) and "the last bar" not in report(crowded)
        crowded.run("UPDATE segments SET context_id = 0")
        assert "share one of the 1 contexts; the last bar: 32 or more." in report(crowded)


def test_a_ledger_in_which_nothing_happened_has_a_report_and_a_card(empty: Ledger) -> None:
    Page(report(empty))
    assert "0 of 0 documents" in card(empty)


def test_a_run_that_kept_nothing_has_a_report_and_a_card(empty: Ledger) -> None:
    document = {"source": "a|b", "domain": "a", "bytes": 3, "characters": 3, "tokens": 1, "file": "f"}
    empty.insert("steps", [{"step": k, "kind": kind, "settings": "{}"} for k, kind in enumerate(("read", "filter"))])
    empty.insert("documents", [{**document, "doc_id": k, "row": k, "place": k} for k in range(3)])
    empty.run("CREATE VIEW scores AS SELECT doc_id, 0.5 AS quality, NULL::DOUBLE AS unknown FROM documents")
    for score in ("quality", "unknown", "bytes", "license"):
        empty.insert("rules", [{"step": 1, "rule_set": "inline", "rule": score, "score": score, "operator": ">="}])
    empty.insert("drops", [{"doc_id": k, "step": 1, "rule": "quality", "value": 0.5} for k in range(3)])
    Page(report(empty))
    assert "| a\\|b | 3 | 0 |" in card(empty)


def test_a_reading_without_rules_or_mixture_shows_the_domains(empty: Ledger) -> None:
    document = {"source": "a", "domain": "novels", "bytes": 3, "characters": 3, "tokens": 7, "file": "f"}
    empty.insert("documents", [{**document, "doc_id": k, "row": k, "place": k} for k in range(3)])
    text = " ".join(Page(report(empty)).text)
    assert "novels" in text and "The recipe has no mixture" in text


@pytest.mark.parametrize(
    "values",
    [
        [0.0] * 9,
        [0.5] * 9,
        [0, 0, 0, 0, 0, 0, 0, 0, 1e300],
        [-3, -2, -1, 0, 1, 2, 3, 4, 5],
        [0, 1, 2, 9, 80, 900, 8e3, 9e4, 1e6],
    ],
)
@pytest.mark.parametrize("thresholds", [[], [0.3], [50.0, 100_000.0], [-1.0]])
@pytest.mark.parametrize("whole", [True, False])
def test_every_axis_has_rising_edges_and_places_inside_it(
    values: list[float], thresholds: list[float], whole: bool
) -> None:
    probes = [float(values[k]) for k in (0, 1, 2, 4, 7, 8)]
    scale, edges = histograms.axis(probes, [(">=", t) for t in thresholds], whole)
    assert all(a < b for a, b in pairwise(edges)) and len(edges) <= 62
    counts = [3] * (len(edges) + 1)
    drawn = histograms.histogram(scale, edges, counts, counts, [(">=", t) for t in thresholds], [("s", probes[:5])])
    assert all(0 <= bar.x <= drawn.width and bar.height >= 0 and bar.y >= 0 for bar in drawn.bars)
    assert len(drawn.x_ticks) <= 12


def test_whole_numbers_never_share_a_bin_with_the_other_side_of_a_threshold() -> None:
    for operator, threshold, limit in ((">=", 50.0, 49.5), ("<=", 50.0, 50.5), ("<", 7.0, 6.5), (">", 7.0, 7.5)):
        for probes in ([0.0, 1, 3, 20, 5000, 90_000], [0.0, 0, 2, 10, 60, 60]):
            _, edges = histograms.axis(probes, [(operator, threshold)], True)
            assert limit in edges or edges[1] - edges[0] > 1 or edges[0] > limit, (operator, edges)


def test_bars_of_one_bin_stand_on_each_other() -> None:
    drawn = histograms.histogram(Axis(0, 1), [0.0, 0.5, 1.0], [0, 10, 30, 0], [0, 10, 15, 0], [("<=", 0.7)])
    red, low, high = drawn.bars
    assert (red.kind, low.kind, high.kind) == ("dropped", "dropped", "kept")
    assert low.x == high.x and high.y + high.height == pytest.approx(low.y, abs=0.2)
    assert high.height == pytest.approx(low.height, abs=0.2)


def test_the_card_says_how_to_load_what_was_written(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for row in ledger.rows("SELECT path FROM exports"):
        path = tmp_path / row["path"]
        path.parent.mkdir(exist_ok=True)
        table = pa.table({"doc_id": [1, 2], "text": ["one", "two"]})
        if path.suffix == ".parquet":
            pq.write_table(table, path)
        else:
            duckdb.from_arrow(table).query("t", f"COPY t TO '{path}' (FORMAT json, COMPRESSION zstd)")
    blocks = re.findall(r"```python\n(.*?)```", card(ledger), re.S)
    assert len(blocks) == 3
    for block in blocks:
        lines = [line for line in block.splitlines() if "datasets.load_dataset" not in line]
        code = textwrap.dedent("\n".join(lines)).replace("import datasets, ", "import ")
        held: dict[str, object] = {}
        exec(code, held)
        loaded = held.get("contexts", held.get("documents"))
        assert len(loaded) == 4  # type: ignore[arg-type]


def test_the_card_opens_with_front_matter_and_ends_with_the_recipe(ledger: Ledger) -> None:
    text = card(ledger)
    _, front, _ = text.split("---\n", 2)
    assert yaml.safe_load(front)["language"] == ["de", "en", "fr"]
    settings = text[text.index("```yaml\n") + 8 : text.rindex("```")]
    assert yaml.safe_load(settings)["seed"] == 7
    for row in ledger.rows("SELECT sha256 FROM exports"):
        assert row["sha256"] in text
    for part in ("## Licences", "## Languages", "## Dates", "## Methods", "## Known limits", "## How to ask why"):
        assert part in text
