"""Laws of units, run over the registry: a new unit is held to them by its file being there."""

import json
import pickle
import re
from collections import Counter
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from tempfile import mkdtemp
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import RecipeError
from schemas.rule import Operator, RuleSet
from schemas.tables.labels import labels
from tasks import parts, units
from tasks.check import columns
from tasks.partition import FIELDS, Measure
from tasks.sample import Sample
from tasks.settings import Files, found_at
from tasks.stages.transform import check_promises
from tasks.text import TextBatch
from tasks.tokenize import load, plain
from tasks.transform._pieces import attending, context_lengths, cut, one_each
from tests.contracts.test_house import HOUSE, public, tree
from tests.data import texts
from tests.units.transform.made import settled, valid

SEED = 20261
# What a unit's file may hold beside the unit.
BESIDE = ("measure", "check", "figures", "finish", "placed", "read_files", "rooms", "tables_of", "undo", "uses")
REQUIRED: dict[str, Any] = {
    "score": "quality",
    "rule": "quality >= 3",
    "heads": {"quality": "number", "topic": "label"},
    "names": {"quality": "number", "topic": "label"},
    "endpoint": "http://localhost:8000/v1",
    "model": "a-model",
}
# Settings of which any number below 0 means something: instances that raise the loss a little may stay.
MAY_BE_NEGATIVE = {("transform", "instances", "margin")}
MEGABYTES = 5 * 2**20
HOSTILE = {
    "empty": "",
    "blank": " \t\n \u3000\u00a0\n\n",
    "one newline": "\n",
    "only newlines": "\n" * 10_000,
    "no newline at the end": "one\ntwo",
    "carriage returns": "one\r\ntwo\r\n\rthree\r",
    "line separators": "one\u2028two\u2029three\u0085four\x0bfive\x0csix",
    "control characters": "".join(map(chr, range(32))) + "\x7f\x80\x9f",
    "only NUL": "\0" * 100,
    "NUL inside": "before\0after \0 again",
    "replaced bytes": "\ufffd" * 50 + " caf\ufffd",
    "byte order mark": "\ufefftext\ufeff",
    "noncharacters": "\uffff \U0010ffff \ufdd0",
    "CJK": "我能吞下玻璃而不伤身体。私はガラスを食べられます。나는 유리를 먹을 수 있어요.",
    "right to left": "أنا قادر على أكل الزجاج و هذا لا يؤلمني. \u202eאני יכול לאכול זכוכית\u202c",
    "no spaces": "ฉันกินกระจกได้ แต่มันไม่ทำให้ฉันเจ็บ ខ្ញុំអាចញុំកញ្ចក់បាន ကျွန်တော် ဖန်စားနိုင်တယ်",
    "combining marks": "e" + "\u0301" * 5000 + " Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘",
    "only combining marks": "\u0301" * 100,
    "emoji": "👩‍👩‍👧‍👦 👍🏽 🇺🇳 1️⃣ " * 20,
    "zero width": "a\u200bb\u200cc\u200dd\u2060e \u200b \u00ad",
    "case folding": "ẞß İı ſs ﬁ ΣςσΑ Ǆǆǅ",
    "surrogate pairs": "𝕳𝖊𝖑𝖑𝖔 𝔴𝔬𝔯𝔩𝔡 𐍈𐌰𐌽",
    "numbers": "1,234.56 -7e10 0x1F ٣٤٥ ² ½ Ⅷ",
    "punctuation": "… . . . !!! ??? ### --- «» “” ‘’ {} lorem ipsum javascript",
    "bullets": "- one\n* two\n• three\n...\n…\n",
    "repeated line": "the same line again\n" * 2000,
    "repeated paragraph": "the same paragraph again\n\n" * 500,
    "one character": "a",
    "one word": "w" * 100_000,
}
LONG = {
    "one long line": "a line that does not end ",
    "one long word": "x",
    "long CJK": "漢字",
    "long punctuation": "...",
    "long blank": " ",
}

Values = dict[str, list[Any]]


def ids(unit: units.Unit) -> str:
    return f"{unit.kind}/{unit.name}"


def over(kind: str) -> Any:
    return pytest.mark.parametrize("unit", units.units(kind), ids=ids)


every_unit = pytest.mark.parametrize("unit", units.units(), ids=ids)
every_measure = pytest.mark.parametrize("unit", [unit for unit in units.units() if unit.measure], ids=ids)


def defaults(unit: units.Unit) -> dict[str, Any]:
    """A unit's settings by default, with a value for those that must be given."""
    needed = [name for name, (_, default) in unit.settings.items() if default is ...]
    return unit.resolve({name: reference() if name in unit.files else REQUIRED[name] for name in needed})


@cache
def reference() -> str:
    """A file of texts, for settings that name one."""
    path = Path(mkdtemp(prefix="gristmill-")) / "reference.jsonl"
    rows = [
        {"id": str(i), "text": text, "question": text[:200], "answer": text[200:400]}
        for i, text in enumerate(texts(40))
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


@cache
def measure_of(unit: units.Unit) -> Measure:
    """A unit's pass over the text, after learning from some texts if it has to."""
    given = defaults(unit) if unit.kind == "score" else units.accepted(unit.measure, defaults(unit))
    files = {name: Files(given[name], "reference") for name in unit.files if given.get(name)}
    return Measure(unit.kind, unit.name, given, files, learnt(unit, found_at(given, files)) if unit.fit else None)


def learnt(unit: units.Unit, given: dict[str, Any]) -> str:
    """What a unit learns from the texts of ``sample``."""
    path = Path(reference()).parent / f"{unit.name}.npz"
    return str(parts.write_arrays(path, unit.fit(sample(), **units.accepted(unit.fit, {**given, "seed": 1}))))


@cache
def sample() -> Sample:
    """Real documents with labels that the text decides, and some that it does not."""
    drawn = texts(80)
    documents = pa.table(
        {
            "doc_id": pa.array(range(len(drawn)), pa.uint64()),
            "text": pa.array(drawn, pa.large_string()),
            "source": [f"source {i % 3}" for i in range(len(drawn))],
            "domain": [f"domain {i % 2}" for i in range(len(drawn))],
            **{name: pa.nulls(len(drawn), pa.string()) for name in FIELDS},
        }
    )
    quality = [{"doc_id": i, "name": "quality", "value": float(len(text) % 5)} for i, text in enumerate(drawn)]
    topic = [
        {"doc_id": i, "name": "topic", "label": "code" if "(" in text else "prose"} for i, text in enumerate(drawn)
    ]
    schema = pa.schema(
        {name: labels.arrow.field(name).type for name in ("doc_id", "paragraph", "name", "value", "label")}
    )
    return Sample(documents, pa.Table.from_pylist(quality + topic, schema=schema))


def measured(unit: units.Unit, found: list[str] | tuple[str, ...]) -> pa.Table:
    """What a run keeps of a unit's pass over these texts; UnitError if a value is missing or not finite."""
    return measure_of(unit).compute(TextBatch(pa.array(found, pa.large_string())))


# Every unit


@every_unit
def test_unit_says_what_it_does_and_where_it_comes_from(unit: units.Unit) -> None:
    assert unit.meaning and unit.meaning.endswith("."), f"{unit.meaning!r} is not a sentence"
    assert unit.source, "no line beginning 'Source:' in its docstring"
    assert re.search(r"\d{4}|Gristmill|[a-z]\.(?:org|com|io)\b", unit.source), f"{unit.source!r} is not a citation"


@every_unit
def test_file_holds_one_unit_named_like_it(unit: units.Unit) -> None:
    functions = {
        node.name for node in public(tree(HOUSE / "tasks" / unit.kind / f"{unit.name}.py")) if is_function(node)
    }
    expected = set() if isinstance(unit.call, RuleSet) else {unit.name}
    assert functions - {*BESIDE, *units.HOOKS} == expected


def is_function(node: Any) -> bool:
    return not hasattr(node, "bases") and node.col_offset == 0


@every_unit
def test_settings_have_types_and_are_checked(unit: units.Unit) -> None:
    for name, (kind, default) in unit.settings.items():
        assert kind is not Any, f"setting {name} has no type"
        known = name in REQUIRED or name in unit.files
        assert default is not ... or known, f"give {name} a default, or a value to test it with"
    assert set(defaults(unit)) == set(unit.settings)
    with pytest.raises(RecipeError, match="unknown setting"):
        unit.resolve({"no_such_setting": 1})
    assert unit.resolve(defaults(unit)) == defaults(unit), "its own defaults are refused or changed"


@every_unit
def test_a_number_out_of_its_bounds_is_refused_where_the_recipe_is_read(unit: units.Unit) -> None:
    given = defaults(unit)
    for name, (kind, _) in unit.settings.items():
        number = number_in(kind)
        if number is None:
            continue
        for value in (float("nan"), *([] if (unit.kind, unit.name, name) in MAY_BE_NEGATIVE else [-(10**9)])):
            with pytest.raises(RecipeError, match=f"setting '{name}' of {unit.name}"):
                unit.resolve({**given, name: value})


def number_in(kind: Any) -> Any:
    """``int`` or ``float`` if a setting of this type is one, or none at all."""
    if get_origin(kind) is Annotated:
        return number_in(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        kinds = [part for part in get_args(kind) if part is not type(None)]
        return number_in(kinds[0]) if len(kinds) == 1 else None
    return kind if kind in (int, float) else None


@every_unit
def test_unit_goes_to_a_worker(unit: units.Unit) -> None:
    assert pickle.loads(pickle.dumps(unit)) == unit
    assert pickle.loads(pickle.dumps(unit.call)) == unit.call


# Scorers, and what other units measure in the same pass


@every_measure
def test_measure_declares_its_columns(unit: units.Unit) -> None:
    found = measure_of(unit).columns
    names = [column.name for column in found]
    assert len(set(names)) == len(names) and all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)
    assert all(column.meaning for column in found)
    assert measured(unit, ["a text", ""]).schema == pa.schema([(column.name, column.arrow) for column in found])


@every_measure
def test_measure_is_total_and_finite_on_hostile_texts(unit: units.Unit) -> None:
    assert faults(unit, measured(unit, list(HOSTILE.values())), len(HOSTILE)) == []
    assert faults(unit, measured(unit, []), 0) == []


@every_measure
@pytest.mark.parametrize("piece", LONG.values(), ids=LONG)
def test_measure_is_total_on_one_long_line(unit: units.Unit, piece: str) -> None:
    assert faults(unit, measured(unit, [piece * (MEGABYTES // len(piece.encode()))]), 1) == []


def faults(unit: units.Unit, found: pa.Table, rows: int) -> list[str]:
    """Name what is not as it must be: a finite value per row in every column, or none where the column says so."""
    optional = {column.name for column in measure_of(unit).columns if column.optional}
    named = [] if found.num_rows == rows else [f"{found.num_rows} rows of {rows}"]
    for name in found.column_names:
        column = found[name].combine_chunks()
        present = column.drop_null()
        flat = present.flatten() if pa.types.is_list(column.type) else present
        if flat.null_count or (column.null_count and name not in optional):
            named.append(f"{name} lacks values")
        elif pa.types.is_floating(flat.type) and not np.isfinite(flat.to_numpy(zero_copy_only=False)).all():
            named.append(f"{name} is not finite")
    return named


@every_measure
def test_measure_does_not_depend_on_the_batch(unit: units.Unit) -> None:
    together = [*HOSTILE.values(), *texts(30)]
    alone = pa.concat_tables([measured(unit, [text]) for text in together])
    assert measured(unit, together).equals(alone)
    assert measured(unit, together[::-1]).equals(alone.take(pa.array(range(len(together) - 1, -1, -1))))


@every_measure
@given(drawn=st.lists(st.text(max_size=200), max_size=6))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_measure_of_any_texts_is_that_of_each(unit: units.Unit, drawn: list[str]) -> None:
    found = measured(unit, drawn)
    assert faults(unit, found, len(drawn)) == []
    for row, text in enumerate(drawn):
        assert measured(unit, [text]).equals(found.slice(row, 1)), repr(text)


@every_measure
def test_measure_reads_only_its_slice_of_a_buffer(unit: units.Unit) -> None:
    whole = pa.array(["before", *texts(5), "after"], pa.large_string())
    found = measure_of(unit).compute(TextBatch(whole.slice(1, 5)))
    assert found.equals(measured(unit, texts(5)))
    short = measure_of(unit).compute(TextBatch(whole.cast(pa.string()).slice(1, 5)))
    assert short.equals(found)


def test_no_two_scorers_give_the_same_column() -> None:
    names = Counter(column.name for unit in units.units("score") for column in unit.columns)
    assert not [name for name, times in names.items() if times > 1]


# Rule sets


@over("filter")
def test_rules_compare_known_columns(unit: units.Unit) -> None:
    known, rules = columns(), unit.call.rules
    assert rules and len({rule.name for rule in rules}) == len(rules)
    for rule in rules:
        assert rule.score in known, f"no scorer gives {rule.score}"
        assert rule.operator in get_args(Operator)
        assert isinstance(rule.threshold, str) == known[rule.score], f"{rule} compares a number with a label"


def test_rules_of_all_sets_can_meet_in_one_step() -> None:
    names = Counter(rule.name for unit in units.units("filter") for rule in unit.call.rules)
    assert not [name for name, times in names.items() if times > 1]


# Orderers


@cache
def documents(unit: units.Unit) -> pa.Table:
    """Real documents with what an orderer needs of them."""
    drawn = texts(80)
    rng = np.random.default_rng(SEED)
    table = pa.table(
        {
            "doc_id": rng.permutation(2**63 + np.arange(len(drawn), dtype=np.uint64)),
            "source": [f"source {i % 3}" for i in range(len(drawn))],
            "domain": [f"domain {i % 3}" for i in range(len(drawn))],
            "id": [f"folder {i % 4}/{i // 8}.py" if i % 5 else None for i in range(len(drawn))],
            "url": [f"https://example.org/a/b/{i}.c" if i % 2 else None for i in range(len(drawn))],
            "file": [f"{i % 3}.jsonl" for i in range(len(drawn))],
            "tokens": [len(text.encode()) + 1 for text in drawn],
            "quality": rng.integers(0, 5, len(drawn)) / 4,
        }
    )
    if unit.measure:
        for name, column in zip(
            unit.measure and measured(unit, drawn).column_names, measured(unit, drawn), strict=True
        ):
            table = table.append_column(name, column)
    return table


def ordered(unit: units.Unit, table: pa.Table, seed: int = 1) -> list[int]:
    """The doc_ids of ``table`` as the orderer puts them."""
    places = np.asarray(unit.call(table, seed=seed, **defaults(unit)))
    assert places.dtype == np.int64
    assert sorted(places.tolist()) == list(range(table.num_rows)), "not a permutation"
    return [int(doc_id) for doc_id in table["doc_id"].to_numpy()[places]]


@over("order")
def test_order_does_not_depend_on_the_order_of_its_input(unit: units.Unit) -> None:
    table = documents(unit)
    expected = ordered(unit, table)
    for turn in range(3):
        rows = np.random.default_rng(turn).permutation(table.num_rows)
        assert ordered(unit, table.take(pa.array(rows))) == expected


@over("order")
def test_order_is_pure_in_its_seed(unit: units.Unit) -> None:
    table = documents(unit)
    state = np.random.get_state()
    assert ordered(unit, table, 7) == ordered(unit, table, 7)
    assert sorted(ordered(unit, table, 8)) == sorted(ordered(unit, table, 7))
    assert np.array_equal(np.random.get_state()[1], state[1]), "it draws from NumPy's global generator"


@over("order")
@pytest.mark.parametrize("rows", [0, 1, 2, 3])
def test_order_of_few_documents(unit: units.Unit, rows: int) -> None:
    assert len(ordered(unit, documents(unit).slice(0, rows))) == rows


# Packers

lengths = st.lists(st.integers(1, 70), max_size=60)


@over("pack")
@given(tokens=lengths, context_length=st.sampled_from([1, 2, 7, 16, 64]), seed=st.integers(0, 3))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_packing_holds_no_token_twice_and_loses_none_unsaid(
    unit: units.Unit, tokens: list[int], context_length: int, seed: int
) -> None:
    table = pa.table(
        {
            "doc_id": pa.array([2**63 + i // 2 for i in range(len(tokens))], pa.uint64()),
            "tokens": pa.array(tokens, pa.int64()),
            "copy": pa.array([i % 2 for i in range(len(tokens))], pa.int32()),
            "source": pa.array(["abc"[i % 7 % 3] for i in range(len(tokens))], pa.string()),
        }
    )
    given = defaults(unit) | ({"context_length": context_length} if "context_length" in unit.settings else {})
    given |= {"shortest": 4, "longest": 16} if "longest" in unit.settings else {}
    segments = unit.call(table, seed=seed, **given)
    assert segments.equals(unit.call(table, seed=seed, **given))
    kept: dict[tuple[int, int], list[tuple[int, int]]] = {}
    filled: Counter[int] = Counter()
    places = []
    for row in segments.to_pylist():
        kept.setdefault((row["doc_id"], row["copy"]), []).append((row["start"], row["stop"]))
        filled[row["context_id"]] += row["stop"] - row["start"]
        places.append((row["context_id"], row["position"]))
    assert places == sorted(places), "segments are not sorted by context and position"
    assert [p for c, p in places] == [i for c in sorted(filled) for i in range(sum(c == other for other, _ in places))]
    limit = given.get("context_length", 64)
    assert sorted(filled) == list(range(len(filled))) and max(filled.values(), default=0) <= limit
    drops = getattr(unit.module, "DROPS", False)
    for doc_id, copy, length in zip(*(table[name].to_pylist() for name in ("doc_id", "copy", "tokens")), strict=True):
        spans = sorted(kept.pop((doc_id, copy), []))
        assert all(start < stop for start, stop in spans)
        assert all(stop <= start for (_, stop), (start, _) in pairwise([(0, 0), *spans, (length, length)]))
        assert drops or sum(stop - start for start, stop in spans) == length, "it drops tokens without saying so"
    assert not kept, "it packs documents that it was not given"


# Transforms


def given_to(unit: units.Unit, kind: str) -> tuple[pa.Table, dict[str, Any]]:
    """Contexts as a run hands them to a transform, before or after packing, and everything that it may ask for."""
    table = documents(unit)
    for name in {*unit.needs, "created", "declared_language", "license"} - set(table.column_names):
        table = table.append_column(name, pa.nulls(table.num_rows, pa.string()))
    contexts = one_each(table.append_column("copy", pa.array([0] * table.num_rows)))
    if kind == "prefixed":
        prefix = units.unit("transform", "metadata_prefix")
        wanted = {"template": "{domain}: ", "seed": 5, "vocabulary": 257, "cooldown": 0.5}
        contexts = prefix.call(contexts, documents=table, encode=partial(plain, load()), **wanted)
    if unit.module.AFTER_PACK or kind == "packed":
        contexts = concatenated(contexts)
    internal = {"packed": bool(unit.module.AFTER_PACK) or kind == "packed"}
    internal |= {"documents": table, "encode": partial(plain, load()), "vocabulary": 257, "end_of_text": 256, "seed": 3}
    asked = {name: value for name, value in internal.items() if name in units.parameters(unit.call)}
    long = {"context_length": 10**6} if unit.settings.get("context_length", (0, 0))[1] is None else {}
    return contexts, asked | defaults(unit) | long


def concatenated(contexts: pa.Table) -> pa.Table:
    """Contexts packed into others of 3,000 tokens."""
    size = context_lengths(contexts)
    items = pa.table({"doc_id": pa.array(range(len(size)), pa.uint64()), "copy": [0] * len(size), "tokens": size})
    found = units.unit("pack", "concatenate").call(items, context_length=3000, seed=1)
    spans = [found[name].to_numpy() for name in ("doc_id", "start", "stop", "context_id", "position")]
    return attending(cut(contexts, spans[0].astype(np.int64), *spans[1:]), "context")


over_contexts = pytest.mark.parametrize("kind", ["plain", "prefixed", "none"])


@over("transform")
@over_contexts
def test_transform_makes_contexts_and_keeps_its_promises(unit: units.Unit, kind: str) -> None:
    contexts, asked = given_to(unit, kind)
    contexts = contexts.slice(0, 0) if kind == "none" else contexts
    before, state = contexts.to_pylist(), np.random.get_state()
    made = unit.call(contexts, **asked)
    assert made.equals(unit.call(contexts, **asked)), "it is not pure in its seed"
    assert np.array_equal(np.random.get_state()[1], state[1]) and contexts.to_pylist() == before
    assert valid(made).num_rows or kind == "none"
    weight = made["loss_weight"].to_numpy()
    assert np.isfinite(weight).all() and (weight >= 0).all()
    check_promises(unit, contexts, made)
    named = getattr(unit.module, "special_tokens", None)
    ids = named(vocabulary=257, **units.accepted(named, defaults(unit))).values() if named else ()
    inserted = made["inserted"].combine_chunks().flatten().to_numpy()
    assert inserted.max(initial=0) <= max(ids, default=256), "it inserts tokens that it does not name"


@pytest.mark.parametrize("unit", [u for u in units.units("transform") if u.module.AFTER_PACK is not False], ids=ids)
def test_transform_after_the_pack_step_makes_no_context_longer_than_the_longest(unit: units.Unit) -> None:
    contexts, asked = given_to(unit, "packed")
    made = unit.call(contexts, **asked | defaults(unit))
    assert context_lengths(made).max() <= context_lengths(contexts).max() == 3000
    check_promises(unit, contexts, made)


MAY_FIND_NOTHING = ("instances",)  # it keeps only what helps a text, and among a few texts nothing may


@over("transform")
@pytest.mark.parametrize("kind", ["plain", "prefixed"])
def test_undone_transform_gives_the_contexts_back(unit: units.Unit, kind: str) -> None:
    undo = getattr(unit.module, "undo", None)
    if undo is None or (unit.name, kind) == ("metadata_prefix", "prefixed"):
        pytest.skip("nothing to undo, or more than its own")
    contexts, asked = given_to(unit, kind)
    made = unit.call(contexts, **asked)
    assert not made.equals(contexts) or unit.name in MAY_FIND_NOTHING
    assert settled(undo(made)).equals(settled(contexts))


# Mixers


@over("reweight")
@given(tokens=st.lists(st.integers(0, 10**12), min_size=1, max_size=12).filter(any))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_weights_are_shares(unit: units.Unit, tokens: list[int]) -> None:
    names = [f"domain {i}" for i in range(len(tokens))]
    domains = pa.table({"domain": names, "documents": tokens, "tokens": pa.array(tokens, pa.int64())})
    mixture = unit.call(domains, **defaults(unit))
    assert sorted(mixture["domain"].to_pylist()) == sorted(names)
    weights = mixture["weight"].to_numpy()
    assert np.isfinite(weights).all() and (weights >= 0).all()
    assert weights.sum() == pytest.approx(1)
    drawn = mixture["epochs"].to_numpy() * np.array([tokens[names.index(n)] for n in mixture["domain"].to_pylist()])
    assert drawn == pytest.approx(weights * drawn.sum(), rel=1e-6, abs=1e-6)
    turned = unit.call(domains.take(pa.array(range(len(tokens) - 1, -1, -1))), **defaults(unit))
    by_domain = [("domain", "ascending")]
    assert turned.sort_by(by_domain).equals(mixture.sort_by(by_domain)), "it depends on the order of the domains"
    assert pc.all(pc.greater_equal(mixture["epochs"], 0)).as_py()
