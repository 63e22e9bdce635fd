"""The sections on labels, evaluation items, edits, cascades and contexts: what they say is what SQL says."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.pages import facts
from flows.pages.annotation import annotation
from flows.pages.cascade import cascade
from flows.pages.contamination import contamination
from flows.pages.contexts import compared, contexts, lengths, picture, transforms
from flows.pages.edited import edited
from flows.pages.numbers import count, percent
from flows.report import card, report
from tasks.ledger import Ledger
from tests.flows.synthetic import SOURCES, minimal, rich

SECTIONS = ("annotation", "contamination", "edits", "cascade", "contexts")
TABLES = ("labels", "agreement", "evaluations", "matches", "edits", "audit_samples", "clusters", "metrics", "segments",
          "places", "emitted")  # fmt: skip


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with rich(tmp_path_factory.mktemp("rich") / "ledger.duckdb", documents=3000) as made:
        yield made


def sections(html: str) -> set[str]:
    return set(re.findall(r'<section id="(\w+)"', html)).intersection(SECTIONS)


def test_each_section_is_there_with_rows_only(ledger: Ledger, tmp_path: Path) -> None:
    html = report(ledger)
    assert sections(html) == set(SECTIONS) and all(f'href="#{name}"' in html for name in SECTIONS)
    with rich(tmp_path / "bare.duckdb", documents=300) as bare:
        for table in TABLES:
            bare.run(f"DELETE FROM {table}")
        html = report(bare)
        assert not sections(html) and not any(f'href="#{name}"' in html for name in SECTIONS)
        assert "Annotation:" not in card(bare) and "Edits (" not in card(bare) and "Decontamination (" not in card(bare)
    with minimal(tmp_path / "minimal.duckdb") as nothing:
        assert not sections(report(nothing))


def test_labels_are_counted_per_annotator_and_name(ledger: Ledger) -> None:
    made = annotation(ledger, facts.steps(ledger))
    assert made is not None
    [judge] = made["annotators"]
    assert [cost["name"] for cost in judge["costs"]] == ["requests"]
    for row in judge["rows"]:
        among = f"labels WHERE name = '{row['name']}'"
        assert row["labels"] == ledger.value(f"SELECT count(*) FROM {among} AND status = 'ok'")
        assert row["errors"] == ledger.value(f"SELECT count(*) FROM {among} AND status = 'error'")
        if row["mean"] is not None:
            assert row["mean"] == pytest.approx(ledger.value(f"SELECT avg(value) FROM {among}"))
    assert sum(row["errors"] for row in judge["rows"]) > 0 and "judge &lt;b&gt;" in report(ledger)


def test_students_are_shown_with_their_gates_and_reliability(ledger: Ledger) -> None:
    steps = facts.steps(ledger)
    steps[2]["calls"] = [{"name": "student", "settings": {"least_spearman": 0.5, "least_f1": 0.6}}]
    [student] = annotation(ledger, steps)["students"]  # type: ignore[index]
    heads = {row["name"]: row for row in student["heads"]}
    assert (heads["overall"]["gate"], heads["overall"]["fails"]) == ("reaches 0.5", False)
    assert (heads["topic"]["gate"], heads["topic"]["fails"]) == ("below 0.6", True)
    figures = [name for name, _ in student["figures"]]
    assert heads["overall"]["values"][figures.index("spearman")] == 0.8123
    [chart] = student["charts"]
    points = chart["chart"].points
    assert len(points) == 10
    for point in points:
        expected, observed = map(float, re.findall(r"(?:expected|observed) ([\d.]+)", point.title))
        above = chart["chart"].base - point.y - (point.x - chart["chart"].left)
        assert (above > 0) == (observed > expected), "above the line: more was observed than expected"
    assert [name for name, _ in student["by_source"]["sources"]] == sorted(SOURCES)
    assert [row["labelled"] for row in student["labels"][0]["rows"]] == [0.625, 0.375]


def test_evaluations_and_the_worst_items_are_those_of_brute_force(ledger: Ledger) -> None:
    made = contamination(ledger)
    assert made is not None and len(made["sets"]) == 2
    best: dict[tuple[str, str], tuple[float, int, int, int]] = {}
    holders: dict[tuple[str, str], set[int]] = {}
    for row in ledger.rows("SELECT * FROM matches"):
        key = row["evaluation"], row["item"]
        rank = (row["overlap"], row["stop"] - row["start"], -row["start"], -row["doc_id"])
        best[key] = max(best.get(key, rank), rank)
        holders.setdefault(key, set()).add(row["doc_id"])
    ordered = sorted(best, key=lambda key: (-best[key][0], -len(holders[key]), *key))
    assert [(row["evaluation"], row["item"]) for row in made["worst"]] == ordered[: len(made["worst"])]
    for row in made["worst"]:
        key = row["evaluation"], row["item"]
        assert (row["overlap"], -row["doc_id"]) == (best[key][0], best[key][3])
        assert row["documents"] == len(holders[key])
    assert len(made["worst"]) + made["others"] == len(best)
    html = report(ledger)
    assert "a span &amp; &lt;i&gt;more&lt;/i&gt;" in html and "<i>more" not in html


def test_edits_add_up(ledger: Ledger) -> None:
    made = edited(ledger)
    assert made is not None
    rows = [row for item in made["steps"] for row in item["rows"]]
    whole = ledger.rows("SELECT count(*) AS n, sum(stop - start) AS taken, sum(length(replacement)) AS put FROM edits")
    assert [sum(row[name] for row in rows) for name in ("spans", "taken", "put")] == list(whole[0].values())
    [step] = made["steps"]
    assert step["documents"] == ledger.value("SELECT count(DISTINCT doc_id) FROM edits")
    assert (step["before"], step["after"]) == (1_000_000, 987_654) and count(987_654) in report(ledger)


def test_cascades_show_rates_samples_and_cards(ledger: Ledger) -> None:
    made = cascade(ledger)
    assert made is not None
    [rule] = made["rates"]
    assert (rule["rule"], rule["escalated"], rule["removed_tokens"]) == ("classifier", 0.25, 0.03125)
    assert [sample["drawn"] for sample in rule["samples"]] == [50, 50, 50]
    assert len(made["cards"]) + made["others"] == ledger.value("SELECT count(*) FROM clusters")
    html = report(ledger)
    assert "gristmill review" in html and percent(0.0625) in html and "&lt;b&gt;law&lt;/b&gt;" in html


def test_the_picture_is_the_contexts_to_scale(ledger: Ledger) -> None:
    made = picture(ledger, 7)
    assert made is not None and len(made["rows"]) == 8
    assert [row["context"] for row in picture(ledger, 7)["rows"]] == [row["context"] for row in made["rows"]]  # type: ignore[index]
    assert [row["context"] for row in picture(ledger, 8)["rows"]] != [row["context"] for row in made["rows"]]  # type: ignore[index]
    size = "CASE WHEN inserted IS NULL THEN stop - start ELSE len(inserted) END"
    scales = set()
    for row in made["rows"]:
        held = ledger.rows(
            f"SELECT {size} AS size, inserted IS NOT NULL AS inserted, loss_weight, source FROM segments "
            "JOIN documents USING (doc_id) WHERE context_id = ? ORDER BY position, segments.doc_id, copy",
            [row["context"]],
        )
        assert row["tokens"] == sum(piece["size"] for piece in held) and len(row["pieces"]) == len(held)
        colours = {item["name"]: item["colour"] for item in made["legend"]}
        for piece, known in zip(row["pieces"], held, strict=True):
            assert piece.colour == colours[known["source"]]
            assert piece.hatch == ("inserted" if known["inserted"] else "masked" if known["loss_weight"] == 0 else "")
            if piece.width > 50:
                scales.add(round(known["size"] / piece.width, 1))
    assert max(scales) - min(scales) <= 0.1 * max(scales)
    assert made["inserted"] and made["masked"]


def test_a_context_of_very_many_pieces_is_drawn_in_runs(tmp_path: Path) -> None:
    with rich(tmp_path / "ledger.duckdb", documents=800) as ledger:
        ledger.run("UPDATE segments SET position = context_id * 4 + position, context_id = 0")
        made = picture(ledger, 1)
        assert made is not None
        [row] = made["rows"]
        assert len(row["pieces"]) < ledger.value("SELECT count(*) FROM segments")
        assert all(
            a.colour != b.colour or a.hatch != b.hatch for a, b in zip(row["pieces"], row["pieces"][1:], strict=False)
        )
        assert row["others"] > 0 and report(ledger)


def test_lengths_are_those_of_the_placed_documents(ledger: Ledger) -> None:
    made = lengths(ledger, 2048)
    assert made is not None
    placed = "places JOIN documents USING (doc_id)"
    found = {
        int(row.title.split(" ")[0].replace(",", "")): int(row.title.split(": ")[1].split(" ")[0].replace(",", ""))
        for row in made["documents"].bars
    }
    brute: dict[int, int] = {}
    for row in ledger.rows(f"SELECT tokens FROM {placed}"):
        low = 1 << (row["tokens"].bit_length() - 1)
        brute[low] = brute.get(low, 0) + 1
    assert found == brute
    whole = made["sources"][-1]
    assert whole["tokens"] == ledger.value(f"SELECT sum(tokens) FROM {placed}")
    long = ledger.value(f"SELECT sum(tokens) FROM {placed} WHERE tokens > 2048")
    assert whole["long_share"] == pytest.approx(long / whole["tokens"])


def test_orders_are_compared_side_by_side_and_nowhere_else(ledger: Ledger) -> None:
    [made] = compared(ledger)
    assert (made["step"], made["documents"]) == (6, 4000)
    assert made["orders"] == ["as made", "in random order", "sorted by source"]
    [cells] = [row["cells"] for _, rows in made["groups"] for row in rows if row["name"] == "adjacent_similarity"]
    assert [cell["text"] for cell in cells] == ["0.431", "0.0211", "0.0913"]
    assert [cell["bar"][0].width for cell in cells] == pytest.approx(
        [100, 100 * 211 / 4312, 100 * 913 / 4312], abs=0.01
    )
    html = report(ledger)
    assert "random.adjacent_similarity" not in html and "compared_documents" not in html


def test_transforms_and_what_the_contexts_lack(ledger: Ledger) -> None:
    made = transforms(ledger)
    assert made is not None
    [row] = made["rows"]
    assert (row["inserted_tokens"], row["masked_tokens"], row["dropped_tokens"]) == (12_345, 23_456, 345)
    assert row["special"] == [("opens", 257)]
    sums = ledger.rows("SELECT sum(dropped) AS dropped, sum(repeated) AS repeated FROM emitted")[0]
    assert {name: made["emitted"][name] for name in sums} == sums
    ledger_text = report(ledger)
    assert count(12_345) in ledger_text and f"lack {count(sums['dropped'])}" in ledger_text


def test_the_card_has_a_line_for_labels_items_and_edits(ledger: Ledger) -> None:
    text = card(ledger)
    labels = ledger.value("SELECT count(*) FROM labels WHERE status = 'ok'")
    found = ledger.value("SELECT sum(found) FROM evaluations")
    spans = ledger.value("SELECT count(*) FROM edits")
    assert f"Annotation: {count(labels)} labels" in text and "judge \\<b\\>" in text
    assert f", {count(found)} were found in documents" in text
    assert f"Edits (step 2): {count(spans)} spans" in text


def test_a_ledger_without_scores_or_a_seed_has_contexts(tmp_path: Path) -> None:
    with minimal(tmp_path / "ledger.duckdb") as ledger:
        document = {"source": "a", "domain": "a", "bytes": 3, "characters": 3, "tokens": 7, "file": "f"}
        ledger.insert("documents", [{**document, "doc_id": k, "row": k, "place": k} for k in range(3)])
        ledger.insert("places", [{"position": k, "doc_id": k, "copy": 0} for k in range(3)])
        plain = {"copy": 0, "start": 0, "stop": 7, "role": "text", "loss_weight": 1.0, "position_offset": 0,
                 "attention": 0, "causal": True, "context_id": 0}  # fmt: skip
        ledger.insert("segments", [{**plain, "position": k, "doc_id": k} for k in range(3)])
        made = contexts(ledger, facts.steps(ledger), None)
        assert [piece.colour for piece in made["picture"]["rows"][0]["pieces"]] == ["c0", "c4", "c0"]
        assert sections(report(ledger)) == {"contexts"}
