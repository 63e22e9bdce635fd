"""What-if against what it stands for: a real run with the changed rule, and counting by hand."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

from flows.cli import app
from flows.pages import facts
from flows.pages import hypotheses as ask
from flows.pages.judged import FALLING, judged, measured, stays
from flows.pages.numbers import percent
from flows.pages.sections import rules, selections
from flows.pages.whatif import whatif as section
from flows.report import report
from flows.whatif import snippets
from schemas.errors import GristmillError
from tasks.ledger import Ledger
from tests.flows.synthetic import minimal, rich
from tests.small import run_here, write_corpus

RECIPE = """
name: x
tolerance: 10
sources:
  notes: {{path: "notes/*.jsonl", domain: prose}}
  code: {{path: ["code/*.jsonl.gz", "code/*.jsonl.zst"]}}
steps:
  - filter:
      - {{rule: "words >= {words}"}}
      - {{rule: "{repeats}"}}
      - gopher_quality: {{inverse: true}}
      - {{rule: "bytes >= q0.05", per: source}}
  - filter: ["alpha_word_share >= {alpha}"{more}]
  - deduplicate: {{exact: {{}}}}
  - score: [compression_ratio]
  - filter: ["compression_ratio <= 60"]
export: []
"""
NOW = {"alpha_word_share": "alpha_word_share >= 0.3"}
GIVEN: dict[str, Any] = {"words": 60, "repeats": "duplicate_line_share <= 0.2", "alpha": 0.3, "more": ""}


def run(folder: Path, name: str, **changed: Any) -> Path:
    run_here(folder, folder / name, recipe=RECIPE.format(**{**GIVEN, **changed}))
    return folder / name


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_corpus(tmp_path_factory.mktemp("corpus"), documents=150)
    # However the texts at hand are, some are short.
    short = [{"id": f"short{k}", "text": "a few words more than before " * k + "."} for k in range(1, 40)]
    (folder / "notes" / "short.jsonl").write_text("".join(json.dumps(row) + "\n" for row in short))
    run(folder, "now")
    return folder


@pytest.fixture
def ledger(corpus: Path) -> Iterator[Ledger]:
    with Ledger.published(corpus / "now") as found:
        yield found


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with rich(tmp_path_factory.mktemp("rich") / "ledger.duckdb", documents=3000) as made:
        yield made


def kept(ledger: Ledger, step: int) -> dict[str, tuple[int, int]]:
    """Documents and tokens per source that a step left, as counted while it ran."""
    rows = ledger.rows("SELECT source, documents, tokens FROM counts WHERE step = ? AND documents > 0", [step])
    return {row["source"]: (row["documents"], row["tokens"]) for row in rows}


def told(rows: list[dict[str, Any]], name: str) -> dict[str, tuple[int, int]]:
    found = {row["source"]: (row[name], row[f"{name}_tokens"]) for row in ask.summed(rows, "source")}
    return {source: pair for source, pair in found.items() if pair[0]}


CHANGES = [
    ("words >= 20", {"words": 20}),
    ("words >= 400", {"words": 400}),
    ("words > 150", {"words": "150.5"}),
    ("duplicate_line_share <= 0", {"repeats": "duplicate_line_share <= 0"}),
    ("duplicate_line_share < 0.9", {"repeats": "duplicate_line_share < 0.9"}),
    ("alpha_word_share >= 0.72", {"alpha": 0.72}),
    ("alpha_word_share >= 0", {"alpha": 0}),
    ("lines <= 150", {"more": ", 'lines <= 150'"}),
]


@pytest.mark.parametrize(("text", "changed"), CHANGES, ids=[text for text, _ in CHANGES])
def test_a_change_keeps_what_a_run_with_it_keeps(
    text: str, changed: dict[str, Any], corpus: Path, ledger: Ledger, tmp_path: Path
) -> None:
    change = ask.change(ledger, text, rule=NOW["alpha_word_share"] if "alpha" in text else None)
    rows = ask.effect(ledger, change)
    assert told(rows, "kept") == kept(ledger, change.step)
    again = run(corpus, f"again-{abs(hash(text))}", **changed)
    with Ledger.published(again) as rerun:
        moving = rerun.value("SELECT count(DISTINCT (rule, threshold)) FROM rules WHERE quantile IS NOT NULL")
        assert moving and rerun.rows("SELECT threshold FROM rules WHERE quantile > 0 ORDER BY 1") == ledger.rows(
            "SELECT threshold FROM rules WHERE quantile > 0 ORDER BY 1"
        ), "quantiles are of what meets the step, which no change of these moves"
        if change.now:
            assert told(rows, "would_keep") == kept(rerun, change.step)
            assert told(rows, "would_through") == kept(rerun, 2)
        else:
            assert change.step == 5 and told(rows, "would_keep") == _without(rerun, ledger)
        assert change.now is None or change.horizon == 2
    whole = ask.summed(rows)[0]
    assert whole["kept"] + whole["newly_kept"] - whole["newly_dropped"] == whole["would_keep"]
    assert whole["newly_kept"] or whole["newly_dropped"]


def _without(rerun: Ledger, now: Ledger) -> dict[str, tuple[int, int]]:
    """What is in both releases: of a further rule, those of the release that pass it."""
    sides = [
        {row["doc_id"] for row in found.rows("SELECT doc_id FROM measured WHERE left_at > 5")} for found in (rerun, now)
    ]
    rows = now.rows("SELECT doc_id, source, tokens FROM documents")
    found: dict[str, tuple[int, int]] = {}
    for row in rows:
        if row["doc_id"] in sides[0] & sides[1]:
            documents, tokens = found.get(row["source"], (0, 0))
            found[row["source"]] = (documents + 1, tokens + row["tokens"])
    return found


def test_the_rules_of_a_run_say_of_its_documents_what_it_did(ledger: Ledger) -> None:
    rules = judged(ledger)
    for step in (1, 2, 5):
        mine = [rule for rule in rules if rule.step == step]
        assert mine
        wrong = ledger.rows(
            f"SELECT m.doc_id {measured(ledger)} WHERE m.gone >= {step} AND (m.gone > {step}) <> ({stays(mine)})"
        )
        assert not wrong
    decisions = {
        (row["rule"], row["kept"]): row["n"]
        for row in ledger.rows("SELECT rule, kept, count(*) AS n FROM decisions GROUP BY ALL")
    }
    for rule in rules:
        found = ledger.value(f"SELECT count(*) {measured(ledger)} WHERE m.gone >= {rule.step} AND NOT ({rule.passes})")
        assert found == decisions.get((rule.rule, False), 0)


def test_labels_guards_and_missing_values_are_judged_as_they_were(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path, documents=60)
    recipe = (
        "name: x\ntolerance: 10\nexport: []\nsources: {a: 'notes/*.jsonl', b: ['code/*.gz', 'code/*.zst']}\nsteps:\n"
        "  - filter: [{rule: 'words >= 100', where: 'source == a'}, {rule: 'url != x', missing: keep},\n"
        "      {rule: 'source in [a, b]'}, {rule: 'words >= 10', name: least, per: source, thresholds: {b: 300}}]\n"
    )
    run_here(folder, folder / "w", recipe=recipe)
    with Ledger.published(folder / "w") as ledger:
        rules = judged(ledger)
        assert {rule.only_where for rule in rules} == {None, "source == a"} and rules[1].missing == "keep"
        dropped = ledger.rows("SELECT doc_id FROM drops WHERE step = 1 GROUP BY doc_id ORDER BY doc_id")
        said = ledger.rows(f"SELECT m.doc_id {measured(ledger)} WHERE m.gone >= 1 AND NOT ({stays(rules)}) ORDER BY 1")
        assert said == dropped and dropped
        change = ask.change(ledger, "source == a")
        assert change.now is None
        [b] = [row for row in ask.effect(ledger, change) if row["source"] == "b"]
        assert (b["would_keep"], b["newly_dropped"]) == (0, b["kept"])


@pytest.mark.parametrize("text", ["words >= 0", "duplicate_line_share < 0", "bytes <= 0", "alpha_word_share > 0"])
def test_a_curve_is_what_counting_gives(text: str, ledger: Ledger) -> None:
    change = ask.change(ledger, text, rule=NOW.get(text.split()[0]), new=text.startswith("bytes"))
    at = ask.grid(ledger, change)
    [rows] = ask.curves(ledger, [(change, at)])
    assert change.now is None or set(change.now.numbers) <= set(at)
    documents = ledger.rows(
        f"SELECT m.source, m.domain, m.tokens, {change.asked.value}::DOUBLE AS value {measured(ledger)} "
        f"WHERE {change.met} AND {stays(change.others)}"
    )
    passes = {">=": np.greater_equal, ">": np.greater, "<=": np.less_equal, "<": np.less}[change.asked.operator]
    seen = {(row["source"], row["domain"], row["threshold"]): row for row in rows}
    assert len(seen) == len(rows) == len(at) * len({(d["source"], d["domain"]) for d in documents})
    for (source, domain, threshold), row in seen.items():
        mine = [d for d in documents if (d["source"], d["domain"]) == (source, domain)]
        left = [d for d in mine if passes(d["value"], threshold)]
        assert (row["met"], row["documents"]) == (len(mine), len(left))
        assert row["met_tokens"] == sum(d["tokens"] for d in mine)
        assert row["tokens"] == sum(d["tokens"] for d in left)


def test_a_curve_meets_the_effect_at_every_threshold(large: Ledger) -> None:
    for text in ("words >= 200", "top_2gram_share <= 0.05", "stop_words >= 4"):
        change = ask.change(large, text)
        [curve] = ask.curves(large, [(change, [float(text.split()[-1])])], by=["source"])
        rows = {row["source"]: row for row in ask.summed(ask.effect(large, change), "source")}
        assert {row["source"]: (row["documents"], row["tokens"]) for row in curve} == {
            source: (row["would_keep"], row["would_keep_tokens"]) for source, row in rows.items()
        }


def test_many_curves_in_one_scan_are_those_of_one_each(large: Ledger) -> None:
    changes = [ask.change(large, text) for text in ("words >= 0", "mean_word_length <= 0", "language_score >= 0")]
    asked = [(change, ask.grid(large, change)) for change in changes]
    assert ask.curves(large, asked) == [rows for one in asked for rows in ask.curves(large, [one])]


def test_overlap_is_what_counting_gives(ledger: Ledger) -> None:
    found = ask.overlap(ledger)
    fails = {
        rule.rule: {
            row["doc_id"] for row in ledger.rows(
                f"SELECT m.doc_id {measured(ledger)} WHERE m.gone > 0 AND NOT ({rule.passes}) AND NOT ({rule.unknown})"
            )
        }
        for rule in found.rules
    }  # fmt: skip
    late = next(rule.rule for rule in found.rules if rule.score == "compression_ratio")
    with_late = {row["doc_id"] for row in ledger.rows("SELECT doc_id FROM scores WHERE compression_ratio IS NOT NULL")}
    assert 0 < len(with_late) < found.documents
    for i, rule in enumerate(found.rules):
        mine = fails[rule.rule]
        others = set().union(*(members for name, members in fails.items() if name != rule.rule))
        assert (found.fails[i], found.alone[i]) == (len(mine), len(mine - others))
        for j, other in enumerate(found.rules):
            assert found.both[i, j] == len(mine & fails[other.rule])
            assert found.known[i, j] == (len(mine & with_late) if other.rule == late else len(mine))
    pairs = found.pairs()
    assert pairs and all(0 < row["similarity"] <= 1 for row in pairs)
    assert [row["similarity"] for row in pairs] == sorted((row["similarity"] for row in pairs), reverse=True)


def test_rank_correlations_are_those_of_scipy(large: Ledger) -> None:
    random = np.random.default_rng(0)
    for size in (3, 50):
        one, other = random.integers(0, 9, (2, size)).astype(float)
        one[0] = np.nan
        expected = stats.spearmanr(one[1:], other[1:]).statistic
        assert ask.spearman(one, other) == pytest.approx(expected, abs=1e-9)
    rows, seen = ask.correlations(large)
    found = {row["score"]: row for row in rows}
    table = large.table(
        "SELECT characters, words, duplicate_line_share, top_2gram_share FROM documents JOIN scores USING (doc_id) "
        "WHERE doc_id NOT IN (SELECT doc_id FROM drops WHERE step = 0)"
    )
    assert seen == len(table)
    for name in ("words", "duplicate_line_share", "top_2gram_share"):
        assert found[name]["length"] == pytest.approx(
            stats.spearmanr(table[name].to_numpy(), table["characters"].to_numpy()).statistic
        )
    assert "follows" in found["words"] and "language" not in found


def test_scores_that_follow_length_or_repetition_are_marked(tmp_path: Path) -> None:
    with minimal(tmp_path / "ledger.duckdb") as ledger:
        given = {"source": "a", "domain": "a", "bytes": 1, "tokens": 1, "file": "f", "row": 0, "place": 0}
        ledger.insert("documents", [{**given, "doc_id": k, "characters": k} for k in range(1, 101)])
        ledger.run(
            "CREATE TABLE score_one AS SELECT doc_id, characters::DOUBLE AS quality, characters AS words, "
            "hash(doc_id) % 100 / 100.0::DOUBLE AS luck, -(characters % 10)::DOUBLE AS anew, "
            "NULL::DOUBLE AS nothing FROM documents"
        )
        ledger.run(
            "CREATE TABLE score_two AS SELECT doc_id, (characters % 10)::DOUBLE AS duplicate_5gram_share, "
            "(characters % 10 + 1)::DOUBLE AS duplicate_line_share FROM documents"
        )
        ledger.run("CREATE VIEW scores AS SELECT * FROM score_one JOIN score_two USING (doc_id)")
        rows, _ = ask.correlations(ledger)
    follows = {row["score"]: row["follows"] for row in rows}
    assert follows == {
        "quality": "length", "anew": "repetition", "words": "", "luck": "", "nothing": "",
        "duplicate_5gram_share": "", "duplicate_line_share": "",
    }  # fmt: skip


def test_the_report_draws_what_the_curves_say(large: Ledger) -> None:
    ruled = rules(large, facts.steps(large), facts.lives(large))["rules"]
    shown = section(large, ruled, ["encyclopedia", "laws"])
    assert {row["rule"] for row in shown["curves"]} == {
        row["rule"] for row in ruled if row["fails"] and row["score"] not in (None, "language")
    }
    assert [item["name"] for item in shown["legend"]] == ["encyclopedia", "laws"] and shown["stride"] == 1
    for row in shown["curves"]:
        if row["step"] != 1:
            continue
        [rule] = [rule for rule in judged(large) if rule.rule == row["rule"]]
        kept = large.value(f"SELECT count(*) {measured(large)} WHERE m.gone > 1")
        assert percent(kept / row["met"]) in row["says"], "its present threshold keeps what the step kept"
        kinds = [line.kind for line in row["chart"].lines]
        assert kinds == ["c0", "c1", "tokens", "all"]
        heights = [float(point.split(",")[1]) for point in row["chart"].lines[-1].points.split()]
        assert heights == sorted(heights, reverse=rule.operator in FALLING), "a curve that turns"
        assert f"{row['chart'].dots[1][0]},{row['chart'].dots[1][1]}" in row["chart"].lines[-1].points


def test_the_report_has_a_matrix_and_strata(large: Ledger) -> None:
    ruled = rules(large, facts.steps(large), facts.lives(large))["rules"]
    matrix = section(large, ruled, [])["overlap"]
    found = ask.overlap(large)
    at = [[rule.rule for rule in found.rules].index(row["rule"]) for row in matrix]
    for row, i in zip(matrix, at, strict=True):
        assert row["shares"] == [found.both[i, j] / found.known[i, j] for j in at] and row["fails"] == found.fails[i]
    [item] = selections(large)
    rows = large.rows("FROM quotas")
    assert item["sums"]["achieved"] == sum(row["achieved"] for row in rows) and len(item["rows"]) == len(rows)
    html = report(large)
    assert 'id="whatif"' in html and 'href="#selection"' in html and "all the laws of a country" in html


def said(*words: object) -> str:
    done = CliRunner().invoke(app, ["whatif", *(str(word) for word in words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_command_says_what_would_change_with_examples_on_both_sides(corpus: Path, ledger: Ledger) -> None:
    before = (corpus / "now" / "ledger.duckdb").read_bytes()
    text = said("words >= 400", "-w", corpus / "now")
    whole = ask.summed(ask.effect(ledger, ask.change(ledger, "words >= 400")))[0]
    assert "words >= 400 in place of words >= 60 in step 1" in text
    assert f"{whole['newly_dropped']:,} newly dropped, 0 newly kept" in text
    assert "after the filters up to step 2" in text and "prose" in text
    near = ask.near(ledger, ask.change(ledger, "words >= 400"), 3)
    assert [row["passes"] for row in near] == [False] * len(near[:-3]) + [True] * 3
    assert (
        max(float(r["value"]) for r in near if not r["passes"])
        < 60
        <= min(float(r["value"]) for r in near if r["passes"])
    )
    texts = snippets(ledger, [row["doc_id"] for row in near])
    assert len(texts) == len(near) and all(shown.split()[0] in text for shown in texts.values() if shown)
    assert (corpus / "now" / "ledger.duckdb").read_bytes() == before


def test_the_command_draws_curves_and_tells_what_overlaps(corpus: Path, ledger: Ledger) -> None:
    text = said("words", "-w", corpus / "now")
    assert "in step 1, now words >= 60" in text and "\nnow " in text
    rows = json.loads(said("words", "-w", corpus / "now", "-f", "json"))
    assert {row["rule"] for row in rows} == {"words >= 60"}
    assert "as a further rule after step 5" in said("sentences", "-w", corpus / "now")
    overview = said("-w", corpus / "now")
    assert all(rule.rule[:40] in overview for rule in judged(ledger)) and "compression_ratio" in overview
    about = {row["about"] for row in json.loads(said("-w", corpus / "now", "-f", "json"))}
    assert about == {"rule", "pair", "score"}
    assert said("words >= 5", "-w", corpus / "now", "-f", "csv").startswith("source,domain,met,kept,would_keep")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["wrods >= 3"], "unknown score 'wrods'; did you mean 'words'"),
        (["wrods"], "unknown score 'wrods'; did you mean 'words'"),
        (["words = 3"], "cannot read rule 'words = 3'; write it as 'language_score >= 0.65'"),
        (["words in [3, 4]"], "`in` takes labels, and words holds numbers; got 3, 4"),
        (["words >= 3", "--rule", "x"], "unknown rule 'x'"),
        (["words >= 3", "--rule", "alpha_word_share >= 0.3"], "compares alpha_word_share, not words"),
        (["words == many"], "words holds numbers, got 'many'"),
        (["url == 3"], "url holds labels, got 3"),
        (["url"], "url holds labels, which have no curve"),
        (["mean_word_length >= 0", "--rule", "gopher_quality.min_mean_word_length"], ""),
    ],
)
def test_what_cannot_be_asked_is_told(words: list[str], message: str, corpus: Path) -> None:
    done = CliRunner().invoke(app, ["whatif", *words, "-w", str(corpus / "now")])
    assert isinstance(done.exception, GristmillError) if message else done.exit_code == 0
    assert message in str(done.exception)


def test_several_rules_on_a_score_must_be_told_apart(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path, documents=30)
    recipe = (
        "name: x\ntolerance: 10\nexport: []\nsources: {a: 'notes/*.jsonl'}\n"
        "steps: [{filter: ['words >= 10']}, {filter: ['words >= 20', 'words <= 900']}]\n"
    )
    run_here(folder, folder / "w", recipe=recipe)
    with Ledger.published(folder / "w") as ledger:
        with pytest.raises(GristmillError, match="several rules compare words: '1: words >= 10', '2: w"):
            ask.change(ledger, "words > 7")
        assert ask.change(ledger, "words > 7", rule="words >= 20").step == 2
        assert ask.change(ledger, "words > 7", rule="1: words >= 10").step == 1
        assert ask.change(ledger, "words <= 7").now.rule == "words <= 900"
        assert ask.change(ledger, "words > 7", new=True).now is None


def test_a_ledger_without_rules_or_documents_has_something_to_say(tmp_path: Path) -> None:
    with minimal(tmp_path / "ledger.duckdb") as ledger:
        assert ask.overlap(ledger).documents == 0 and not ask.overlap(ledger).pairs()
        assert ask.correlations(ledger) == ([], 0)
        change = ask.change(ledger, "tokens >= 5")
        assert ask.effect(ledger, change) == [] and ask.curves(ledger, [(change, [1.0])]) == [[]]
