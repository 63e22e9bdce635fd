"""A recipe is refused before any work starts, with the file, the line, the place and what would be right."""

from pathlib import Path

import pytest
import yaml

from schemas.errors import RecipeError
from schemas.recipe import Recipe
from tasks import units
from tasks.check import columns, needed_scorers, rules_of, scorer_of
from tasks.resolve import load, parse

HEAD = "name: x\nsources: {a: a.jsonl, b: b.jsonl}\n"  # steps begin in line 3

MISTAKES = {
    "unknown key": (
        HEAD + "stps: []\n",
        "line 3, stps: unknown key 'stps'; did you mean 'steps'?",
    ),
    "unknown key of a source": (
        "name: x\nsources:\n  a:\n    path: a\n    txt: content\n",
        "line 5, sources.a.txt: unknown key of a source 'txt'; did you mean 'text'?",
    ),
    "unknown step": (
        HEAD + "steps:\n  - score: [size]\n  - fliter: []\n",
        "line 5, steps[1].fliter: unknown step 'fliter'; did you mean 'filter'?",
    ),
    "unknown unit": (
        HEAD + "steps:\n  - score:\n    - size\n    - repetitions\n",
        "line 6, steps[0].score[1]: unknown unit to score 'repetitions'; did you mean 'repetition'?",
    ),
    "unknown unit in a mapping": (
        HEAD + "steps:\n  - deduplicate:\n      exact: {}\n      minhsh: {}\n",
        "line 6, steps[0].deduplicate.minhsh: unknown unit to deduplicate 'minhsh'; did you mean 'minhash'?",
    ),
    "unknown rule set": (
        HEAD + "steps:\n  - filter: [gopher_qualty]\n",
        "line 4, steps[0].filter[0]: unknown rule set 'gopher_qualty'; did you mean 'gopher_quality'?",
    ),
    "unknown rule of a rule set": (
        HEAD + "steps:\n  - filter:\n    - gopher_quality: {min_word: 10}\n",
        "line 5, steps[0].filter[0]: unknown setting of gopher_quality 'min_word'; did you mean 'min_words'?",
    ),
    "unknown setting": (
        HEAD + "steps:\n  - deduplicate:\n      minhash:\n        band: 14\n",
        "line 5, steps[0].deduplicate.minhash: unknown setting of minhash 'band'; did you mean 'bands'?",
    ),
    "unknown score in a rule": (
        HEAD + "steps:\n  - filter: ['alpha_word_shar >= 0.8']\n",
        "line 4, steps[0].filter: unknown score 'alpha_word_shar'; did you mean 'alpha_word_share'?",
    ),
    "unknown column of per": (
        HEAD + "steps:\n  - filter: [{rule: 'words >= 5', per: sorce}]\n",
        "unknown score 'sorce'; did you mean 'source'?",
    ),
    "unknown column to mix by": (
        HEAD + "steps:\n  - reweight: {by: domian, natural: {}}\n",
        "steps[0].reweight: unknown score 'domian'; did you mean 'domain'?",
    ),
    "unknown score to order by": (
        HEAD + "steps:\n  - order: {curriculum: {score: word}}\n",
        "steps[0].order: unknown score 'word'; did you mean 'words'?",
    ),
    "unknown key of a rule": (
        HEAD + "steps:\n  - filter: [{rule: 'words >= 5', quantil: 0.5}]\n",
        "steps[0].filter[0].quantil: unknown key of a rule 'quantil'; did you mean 'quantile'?",
    ),
    "unknown format": (
        "name: x\nsources: {a: {path: a, format: json}}\n",
        "sources.a.format: unknown format 'json'; did you mean 'jsonl'?",
    ),
    "unknown setting of a reader": (
        "name: x\nsources: {a: {path: a.csv, reader: {delimter: ';'}}}\n",
        "sources.a.reader.delimter: unknown setting of the reader 'delimter'; did you mean 'delimiter'?",
    ),
    "wrong value of a reader's setting": (
        "name: x\nsources: {a: {path: a.csv, reader: {invalid_utf8: ignore}}}\n",
        "sources.a.reader: setting 'invalid_utf8'",
    ),
    "unknown key of the tokenizer": (
        HEAD + "tokenizer: {fil: t.json}\n",
        "line 3, tokenizer.fil: unknown key of the tokenizer 'fil'; did you mean 'file'?",
    ),
    "unknown export": (
        HEAD + "export: [parqet]\n",
        "line 3, export[0]: unknown unit to write 'parqet'; did you mean 'parquet'?",
    ),
    "setting of the wrong type": (
        HEAD + "steps:\n  - deduplicate: {minhash: {bands: many}}\n",
        "setting 'bands' of minhash: Input should be a valid integer, unable to parse string",
    ),
    "a number out of its bounds": (
        HEAD + "steps:\n  - score:\n    - size\n    - perplexity: {order: 0}\n",
        "line 6, steps[0].score[1]: setting 'order' of perplexity: Input should be greater than or equal to 1 (got 0)",
    ),
    "a count of nothing that may be left out": (
        HEAD + "steps:\n  - score:\n    - cluster: {clusters: 0}\n",
        "line 5, steps[0].score[0]: setting 'clusters' of cluster: Input should be greater than or equal to 2 (got 0)",
    ),
    "a share of everything": (
        HEAD + "steps:\n  - score: [{student: {heads: {q: number}, holdout: 2}}]\n",
        "line 4, steps[0].score[0]: setting 'holdout' of student: Input should be less than 1 (got 2)",
    ),
    "a number that is none": (
        HEAD + "steps:\n  - order: {curriculum: {score: words, power: .nan}}\n",
        "line 4, steps[0].order.curriculum: setting 'power' of curriculum: Input should be a finite number (got nan)",
    ),
    "a number out of its bounds among others": (
        HEAD + "steps:\n  - reweight:\n      given:\n        epochs: {a: 1, b: -1}\n",
        "setting 'epochs' of given: Input should be greater than or equal to 0 (got -1)",
    ),
    "settings that do not fit each other": (
        HEAD + "steps:\n  - score:\n    - coherence: {window: 5, ngram: 3}\n",
        "line 5, steps[0].score[0]: ngram and window: expected two n-grams or more in a window, got 3 and 5",
    ),
    "odds that are none": (
        HEAD + "steps:\n  - pack: concatenate\n  - transform:\n    - untie_knots: {chunks: [0, 0]}\n",
        "line 6, steps[1].transform[0]: untie_knots: chunks are odds of 1, 2, ... chunks, not all 0, got [0.0, 0.0]",
    ),
    "a context of nothing": (
        HEAD + "steps:\n  - pack:\n      best_fit: {context_length: 0}\n",
        "setting 'context_length' of best_fit: Input should be greater than or equal to 1 (got 0)",
    ),
    "a share of tokens below 0": (
        HEAD + "steps:\n  - select: {uniform: {tokens: -5%}}\n",
        "line 4, steps[0].select.uniform: tokens are a count such as 30e9 or a share such as '20%', got '-5%'",
    ),
    "a number out of its bounds for a reader": (
        "name: x\nsources:\n  a:\n    path: a.csv\n    reader: {batch_bytes: 0}\n",
        "sources.a.reader: setting 'batch_bytes' of csv: Input should be greater than or equal to 1 (got 0)",
    ),
    "a number out of its bounds for an export": (
        HEAD + "export:\n  - parquet: {compression_level: 99}\n",
        "line 4, export[0]: setting 'compression_level' of parquet: Input should be less than or equal to 22 (got 99)",
    ),
    "setting that must be given": (
        HEAD + "steps:\n  - order: {curriculum: {}}\n",
        "setting 'score' of curriculum: Field required",
    ),
    "seed of the wrong type": (
        HEAD + "seed: lucky\n",
        "line 3, seed: Input should be a valid integer, unable to parse string as an integer (got 'lucky')",
    ),
    "negative seed": (HEAD + "seed: -1\n", "line 3, seed: Input should be greater than or equal to 0"),
    "two kinds in a step": (
        HEAD + "steps:\n  - score: [size]\n    filter: ['words >= 5']\n",
        "line 4, steps[0]: a step has one kind, got score, filter",
    ),
    "a step without a kind": (HEAD + "steps: [{}]\n", "steps[0]: a step has one kind, got none"),
    "a number for a step": (HEAD + "steps: [5]\n", "steps[0]: expected a step, got 5"),
    "steps that are no list": (HEAD + "steps: {score: [size]}\n", "line 3, steps: steps are a list"),
    "a number for units": (HEAD + "steps: [{score: 5}]\n", "steps[0].score: expected a unit or a list of them, got 5"),
    "a number for rules": (HEAD + "steps: [{filter: 5}]\n", "steps[0].filter: expected a unit or a list of them"),
    "a number for exports": (HEAD + "export: 5\n", "line 3, export: expected a unit or a list of them, got 5"),
    "a list for a unit": (HEAD + "steps: [{score: [[size]]}]\n", "steps[0].score[0]: expected a unit or"),
    "a list for settings": (HEAD + "steps: [{score: {size: [1]}}]\n", "score.size: expected settings, got [1]"),
    "an empty filter": (HEAD + "steps: [{filter: []}]\n", "steps[0].filter: a filter needs a rule or a rule set"),
    "two units to order": (HEAD + "steps: [{order: [random, in_context]}]\n", "order takes one unit of"),
    "no unit to deduplicate": (HEAD + "steps: [deduplicate]\n", "deduplicate takes at least one unit of exact"),
    "order before reweight": (
        HEAD + "steps:\n  - order: random\n  - reweight: natural\n",
        "line 5, steps[1].reweight: reweight must come before order",
    ),
    "pack before order": (
        HEAD + "steps:\n  - pack: concatenate\n  - order: random\n",
        "steps[1].order: order must come before pack",
    ),
    "filter after order": (
        HEAD + "steps:\n  - order: random\n  - filter: ['words >= 5']\n",
        "line 5, steps[1].filter: filter must come before order",
    ),
    "score after reweight": (
        HEAD + "steps:\n  - reweight: natural\n  - score: [size]\n",
        "steps[1].score: score must come before reweight",
    ),
    "where that compares a number with labels": (
        HEAD + "steps:\n  - filter: [{rule: 'words >= 5', where: words == many}]\n",
        "line 4, steps[0].filter: rule 'words >= 5', where: words holds numbers, got 'many'",
    ),
    "where that compares labels with a number": (
        HEAD + "steps:\n  - score: {size: {}, where: source == 5}\n",
        "line 4, steps[0].score: where: source holds labels, got 5.0",
    ),
    "a student without labels": (
        HEAD + "steps:\n  - score: [{student: {heads: {quality: number}}}]\n",
        "line 4, steps[0].score: student learns from labels: an annotate step must come before it",
    ),
    "a list of words asked for without one": (
        HEAD + "steps:\n  - score: [bad_words]\n",
        "bad_words needs `words`: a file with a word or phrase per line",
    ),
    "a rule on terms that nobody gave": (
        HEAD + "steps:\n  - filter: ['terms_distinct < 2']\n",
        "steps[0].filter: terms_distinct needs to know terms: ask for term_hits in a score step",
    ),
    "a curriculum whose contexts would be shuffled": (
        HEAD + "steps:\n  - order: {curriculum: {score: words}}\n  - pack: concatenate\n",
        "line 5, steps[1].pack: what curriculum makes would be lost, since concatenate would shuffle the contexts: set",
    ),
    "phases packed into an order of its own": (
        HEAD + "steps:\n  - order: {phases: {phases: [{share: 1}]}}\n  - pack: bursts\n",
        "line 5, steps[1].pack: what phases makes would be lost, since bursts puts contexts into an order of its own",
    ),
    "a cool-down that a packer would mix with the rest": (
        HEAD + "steps:\n  - transform: metadata_prefix\n  - pack: best_fit\n",
        "line 5, steps[1].pack: what metadata_prefix makes with `cooldown: 0.1` would be lost, since best_fit",
    ),
    "a cool-down that batches would mix with the rest": (
        HEAD + "steps:\n  - pack: best_fit\n  - transform: [metadata_prefix, sorted_batches]\n",
        "line 5, steps[1].transform: what metadata_prefix makes with `cooldown: 0.1` would be lost, since",
    ),
    "examples that would be cut": (
        HEAD + "steps:\n  - transform: denoise\n  - pack: concatenate\n",
        "line 5, steps[1].pack: what denoise makes would be lost, since concatenate cuts where a context is full",
    ),
    "chunks that would not see each other": (
        HEAD + "steps:\n  - transform: interleave\n  - pack: best_fit\n",
        "line 4, steps[0].transform: interleave is for contexts seen whole: pack with `attention: context`",
    ),
    "demonstrations that would not be seen": (
        HEAD + "steps:\n  - transform: instances\n  - pack: best_fit\n",
        "line 4, steps[0].transform: instances is for contexts seen whole: pack with `attention: context`",
    ),
    "a transform on the wrong side of the pack step": (
        HEAD + "steps:\n  - pack: best_fit\n  - transform: repeat\n",
        "line 5, steps[1].transform: repeat stands before the pack step",
    ),
    "gaps that would be closed": (
        HEAD + "steps:\n  - pack: best_fit\n  - transform: [spread_positions, smaller_first]\n",
        "line 5, steps[1].transform: smaller_first would undo what spread_positions does: put it before",
    ),
    "two orders": (HEAD + "steps: [{order: random}, {order: random}]\n", "a recipe has one order step, got 2"),
    "a repeated key": (HEAD + "seed: 1\nseed: 2\n", "line 4: key 'seed' is given twice"),
    "a repeated source": ("name: x\nsources:\n  a: x\n  b: y\n  a: z\n", "line 5: key 'a' is given twice"),
    "a repeated setting": (
        HEAD + "steps:\n  - deduplicate:\n      minhash: {bands: 1,\n        bands: 2}\n",
        "line 6: key 'bands' is given twice",
    ),
    "a name that YAML reads as false": ("name: x\nsources:\n  no: norsk.jsonl\n", "line 3: key 'no' is read as bool"),
    "a name that YAML reads as a number": ("name: x\nsources:\n  2024_01: a.jsonl\n", "key '2024_01' is read as int"),
    "a label for numbers": (
        HEAD + "steps:\n  - filter: ['words == many']\n",
        "rule 'words == many': words holds numbers, got 'many'",
    ),
    "a number for labels": (
        HEAD + "steps:\n  - filter: ['language == 5']\n",
        "rule 'language == 5': language holds labels, got 5.0",
    ),
    "labels for numbers": (
        HEAD + "steps: [{filter: ['words in [1, 2]']}]\n",
        "rule 'words in [1, 2]': `in` takes labels, and words holds numbers; got 1, 2",
    ),
    "a label to compare by size": (
        HEAD + "steps: [{filter: ['words >= many']}]\n",
        "compares words with 'many', which is not a number",
    ),
    "a label for a rule set's number": (
        HEAD + "steps: [{filter: [{gopher_quality: {min_words: few}}]}]\n",
        "rule 'gopher_quality.min_words': content_words holds numbers, got 'few'",
    ),
    "a threshold that is not finite": (
        HEAD + "steps: [{filter: ['words >= nan']}]\n",
        "rule 'words >= nan': a threshold is a finite number, got nan",
    ),
    "bytes to compare": (HEAD + "steps: [{filter: ['content_hash == 5']}]\n", "unknown score 'content_hash'"),
    "no comparison": (HEAD + "steps: [{filter: ['words > = 5']}]\n", "cannot read rule 'words > = 5'"),
    "an operator of another language": (HEAD + "steps: [{filter: ['language === en']}]\n", "cannot read rule"),
    "half a comparison": (HEAD + "steps: [{filter: ['words >=']}]\n", "cannot read rule 'words >='; write it as"),
    "a rule given twice": (
        HEAD + "steps:\n  - score: [size]\n  - filter: ['words >= 5', 'words >= 5']\n",
        "line 5, steps[1].filter: rule 'words >= 5' is given twice; give one of them a `name`",
    ),
    "a rule set given twice": (
        HEAD + "steps: [{filter: [c4_quality, {c4_quality: {inverse: true}}]}]\n",
        "is given twice",
    ),
    "a quantile out of range": (
        HEAD + "steps: [{filter: [{rule: 'words >= 5', quantile: 1.5}]}]\n",
        "steps[0].filter[0]: a quantile is a number from 0 to 1, got 1.5",
    ),
    "a quantile out of range in the rule": (
        HEAD + "steps: [{filter: ['words >= q1.5']}]\n",
        "rule 'words >= q1.5': a quantile lies from q0, the least value, to q1, the greatest; got q1.5",
    ),
    "a quantile in percent": (HEAD + "steps: [{filter: ['words <= q50']}]\n", "a quantile lies from q0"),
    "thresholds without per": (
        HEAD + "steps: [{filter: [{rule: 'words >= 5', thresholds: {a: 3}}]}]\n",
        "thresholds for single values need `per`",
    ),
    "a threshold for no source": (
        HEAD.replace("a:", "wiki:")
        + "steps: [{filter: [{rule: 'words >= 5', per: source, thresholds: {wikis: 3}}]}]\n",
        "unknown source 'wikis'; did you mean 'wiki'?",
    ),
    "a threshold for no domain": (
        HEAD + "steps: [{filter: [{rule: 'words >= 5', per: domain, thresholds: {prose: 3}}]}]\n",
        "unknown domain 'prose'; known: a, b",
    ),
    "a scorer with two settings": (
        HEAD + "steps:\n  - score: [compression_ratio]\n  - score: {compression_ratio: {level: 9}}\n",
        "line 5, steps[1]: compression_ratio is asked for twice with different settings",
    ),
    "no sources": ("name: x\n", "sources: a recipe needs at least one source"),
    "empty sources": ("name: x\nsources: {}\n", "line 2, sources: a recipe needs at least one source"),
    "sources that are a list": ("name: x\nsources: [a]\n", "line 2, sources: expected a name and a path for each"),
    "a source of nothing": ("name: x\nsources:\n  a:\n", "line 3, sources.a: a source needs a path"),
    "a source without a path": ("name: x\nsources: {a: {domain: d}}\n", "sources.a: a source needs a path"),
    "a source with no paths": ("name: x\nsources: {a: []}\n", "sources.a.path: a source needs at least one path"),
    "a path of nothing": ("name: x\nsources: {a: {path: }}\n", "sources.a.path: expected a path, got None"),
    "a number for a source": ("name: x\nsources: {a: 5}\n", "sources.a: expected a path or settings, got 5"),
    "no name": ("sources: {a: a}\n", "name: Field required"),
    "a name that is no file name": (
        "name: a/b\nsources: {a: a}\n",
        "line 1, name: a name is of letters (a to z, A to Z), digits",
    ),
    "a name of other letters": ("name: größe\nsources: {a: a}\n", "begins with a letter or digit (got 'größe')"),
    "a name of two lines": ('name: "a\\n"\nsources: {a: a}\n', "name: a name is of letters"),
    "YAML that does not end": ("name: [\n", "is not valid YAML"),
    "tabs": ("name: x\nsources:\n\ta: b\n", "line 3"),
    "nothing": ("", "expected keys such as name, sources and steps"),
    "a list": ("- a\n", "expected keys such as name, sources and steps"),
    "a share over 1": (HEAD + "tolerance: 1.5\n", "line 3, tolerance: a tolerance is a count"),
    "a negative count": (HEAD + "tolerance: -1\n", "tolerance: a tolerance is a count"),
    "a share that is no number": (HEAD + "tolerance: .nan\n", "tolerance: a tolerance is a count"),
    "a share in words": (HEAD + "tolerance: some\n", "tolerance: a tolerance is a count of documents or a share"),
    "a share over 100%": (HEAD + "tolerance: 150%\n", "or a share between 0 and 1 (got '150%')"),
    "a list for a tolerance": (HEAD + "tolerance: [1]\n", "line 3, tolerance: "),
    "a floor over 1": (HEAD + "survival_floor: 2\n", "line 3, survival_floor: "),
    "no bytes": (HEAD + "max_document_bytes: 0\n", "line 3, max_document_bytes: "),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_with_its_place_and_what_would_be_right(mistake: str) -> None:
    text, message = MISTAKES[mistake]
    with pytest.raises(RecipeError) as raised:
        parse(text, name="my.yaml")
    assert str(raised.value).startswith("recipe my.yaml")
    assert message in str(raised.value)


def test_a_recipe_that_is_no_file_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"no recipe at .*none.yaml"):
        load(tmp_path / "none.yaml")
    with pytest.raises(RecipeError, match="no recipe at"):
        load(tmp_path)
    (tmp_path / "latin.yaml").write_bytes("name: café".encode("latin-1"))
    with pytest.raises(RecipeError, match=r"latin.yaml is not UTF-8"):
        load(tmp_path / "latin.yaml")


EVERYTHING = """
name: everything
sources: {a: {path: [a.jsonl, b.csv], domain: d, reader: {invalid_utf8: replace}}, b: b.txt}
steps:
  - score: [size, {language: {}}]
  - filter: [gopher_quality, "words >= 5", {rule: "language in [en, de]", name: spoken}]
  - filter: {c4_quality: {}, fineweb_quality: {inverse: true}}
  - filter: {rule: "words <= q0.9", per: source, thresholds: {a: 7}}
  - deduplicate: [exact, minhash]
  - reweight: {by: source, unimax: {}}
  - order: random
  - pack: best_fit
export: jsonl
tolerance: 0.1%
tokenizer: t.json
"""


def test_every_default_is_filled_in() -> None:
    recipe = parse(EVERYTHING)
    kinds = {"filter": "filter", "export": "write"}
    calls = [(kinds.get(s.kind, s.kind), call) for s in recipe.steps for call in s.calls]
    calls += [("write", call) for call in recipe.export]
    assert len(calls) == 11
    for kind, call in calls:
        unit = units.unit(kind, call.name)
        assert set(call.settings) == set(unit.settings)
        assert call.settings == unit.resolve(call.settings)
    assert recipe.tolerance == 0.001
    assert [step.by for step in recipe.steps if step.kind == "reweight"] == ["source"]
    assert recipe.tokenizer.file == "t.json"


def test_the_resolved_recipe_reads_back_as_itself() -> None:
    recipe = parse(EVERYTHING)
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
    assert Recipe.model_validate(recipe.model_dump(mode="json")) == recipe


def test_what_is_not_written_is_what_is_written_by_default() -> None:
    short = parse(HEAD + "steps: [{deduplicate: minhash}, {order: random}]\n")
    settings = units.unit("deduplicate", "minhash").resolve(None)
    long = {
        **yaml.safe_load(HEAD),
        "steps": [{"deduplicate": [{"minhash": settings}]}, {"order": {"random": {}}}],
        "export": ["parquet"],
        "seed": 0,
        "tolerance": 0,
    }
    assert parse(yaml.safe_dump(long)) == short


def test_forms_of_writing_mean_the_same() -> None:
    forms = ["c4_quality", "[c4_quality]", "{c4_quality: {}}", "[{c4_quality: {}}]", "{c4_quality: }"]
    assert len({parse(HEAD + f"steps: [{{filter: {form}}}]").model_dump_json() for form in forms}) == 1
    rules = ["'words >= 5'", "['words >= 5']", "{rule: 'words >= 5'}", "[{rule: 'words >= 5'}]"]
    assert len({parse(HEAD + f"steps: [{{filter: {form}}}]").model_dump_json() for form in rules}) == 1
    sources = ["a.jsonl", "[a.jsonl]", "{path: a.jsonl}", "{path: [a.jsonl]}"]
    assert len({parse(f"name: x\nsources: {{a: {form}}}").model_dump_json() for form in sources}) == 1


def test_relative_paths_are_taken_from_the_folder_of_the_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "r.yaml").write_text("name: x\nsources: {a: ../data/*.jsonl}\n")
    monkeypatch.chdir(tmp_path)
    recipe = load(Path("recipes/r.yaml"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    found = recipe.at(recipe.sources["a"].path[0])
    assert Path(found) == tmp_path / "recipes" / "../data/*.jsonl"
    assert recipe.at("/data/x") == "/data/x"
    assert recipe.at("s3://bucket/x") == "s3://bucket/x"
    assert recipe.at("~/x") == str(Path("~/x").expanduser())


def test_the_folder_is_no_part_of_what_a_recipe_is() -> None:
    here, there = (parse(HEAD, folder=Path(folder)) for folder in ("here", "there"))
    assert here.model_dump_json() == there.model_dump_json()


def test_thresholds_of_a_rule_set_are_overridden_by_rule_name() -> None:
    recipe = parse(HEAD + "steps: [{filter: [{gopher_quality: {min_words: 7, inverse: true}}]}]")
    found = {inline.rule.name: (inline.rule, inverse) for _, inline, inverse, _ in rules_of(recipe.steps[0])}
    published = {f"gopher_quality.{rule.name}": rule for rule in units.unit("filter", "gopher_quality").call.rules}
    assert set(found) == set(published)
    assert all(inverse for _, inverse in found.values())
    changed = {name for name, (rule, _) in found.items() if rule.threshold != published[name].threshold}
    assert changed == {"gopher_quality.min_words"}
    assert found["gopher_quality.min_words"][0].threshold == 7
    assert all((r.score, r.operator) == (published[n].score, published[n].operator) for n, (r, _) in found.items())


def test_every_rule_has_its_citation() -> None:
    recipe = parse(HEAD + "steps: [{filter: [gopher_repetition, 'words >= 5']}]")
    cited = {rule_set: citation for rule_set, _, _, citation in rules_of(recipe.steps[0])}
    assert cited == {"gopher_repetition": units.unit("filter", "gopher_repetition").source, "inline": "recipe"}


def test_a_step_needs_the_scorers_of_what_it_names() -> None:
    rule, order = "{rule: 'words >= q0.1', per: language}", "{curriculum: {score: compression_ratio}}"
    recipe = parse(HEAD + f"steps: [{{filter: [{rule}]}}, {{filter: ['bytes >= 5']}}, {{order: {order}}}]")
    assert [needed_scorers(recipe.steps, step) for step in recipe.steps] == [
        {"size", "language"},
        set(),
        {"compression_ratio"},
    ]


def test_columns_to_compare_are_those_of_documents_and_scorers() -> None:
    known = columns()
    assert known["source"] and known["language"] and known["created"]
    assert not known["bytes"] and not known["words"]
    assert set(scorer_of()) <= set(known)


def test_what_is_shuffled_inside_a_context_leaves_a_curriculum_as_it_is() -> None:
    steps = """steps:
  - order: {curriculum: {score: words}}
  - transform: {instances: {shuffle: true}}
  - pack: {concatenate: {shuffle: false}, attention: context}
"""
    assert [step.kind for step in parse(HEAD + steps).steps] == ["order", "transform", "pack"]


def test_a_scorer_is_asked_for_with_one_set_of_settings() -> None:
    twice = parse(HEAD + "steps: [{score: [size]}, {score: [size]}]")
    assert [call.name for step in twice.steps for call in step.calls] == ["size", "size"]
