"""The registry: a unit is there because its file is."""

from pathlib import Path

import pytest

from schemas.errors import InputError, RecipeError, UnitError
from tasks import units
from tasks.check import columns, scorer_of
from tasks.resolve import parse
from tests.units.added import added, batch_scorer, scorer


@pytest.mark.parametrize("kind", units.KINDS)
def test_the_registry_is_a_listing_of_folders(kind: str) -> None:
    folder = Path(units.__file__).parent / kind
    files = sorted(path.stem for path in folder.iterdir() if path.suffix == ".py" and not path.name.startswith("_"))
    assert [unit.name for unit in units.units(kind)] == files == sorted(set(files))


def test_a_file_more_is_a_unit_more(tmp_path: Path) -> None:
    before = units.names("score")
    with added(tmp_path, "score", "letters", scorer("letters", "return float(len(text)) * times")):
        assert set(units.names("score")) - set(before) == {"letters"}
        unit = units.unit("score", "letters")
        assert unit.meaning == "letters of a text."
        assert unit.source == "Gristmill."
        assert unit.settings == {"times": (int, 1)}
        assert [(c.name, c.type, c.meaning) for c in unit.columns] == [("letters", "DOUBLE", "letters of a text.")]
        assert columns()["letters"] is False
        recipe = parse("name: x\nsources: {a: a}\nsteps: [{score: {letters: {times: 2}}}, {filter: ['letters >= 5']}]")
        assert recipe.steps[0].calls[0].settings == {"times": 2}
        with pytest.raises(RecipeError, match="unknown setting of letters 'time'; did you mean 'times'"):
            unit.resolve({"time": 1})
    assert units.names("score") == before
    assert "letters" not in columns()


def test_a_rule_set_more_is_a_rule_set_more(tmp_path: Path) -> None:
    code = '''"""A rule set of one test."""
from schemas.rule import Rule, RuleSet

long_texts = RuleSet(meaning="Long.", source="Gristmill.", rules=(Rule("min_words", "words", ">=", 50),))
'''
    with added(tmp_path, "filter", "long_texts", code):
        recipe = parse("name: x\nsources: {a: a}\nsteps: [{filter: [{long_texts: {min_words: 9}}]}]")
        assert recipe.steps[0].calls[0].settings == {"min_words": 9, "inverse": False}


@pytest.mark.parametrize("changed", ["score/size.py", "score/_words.py", "text/counts.py"])
def test_a_fingerprint_changes_with_the_code_that_decides(tmp_path: Path, changed: str) -> None:
    with added(tmp_path, "score", "letters", scorer("letters", "return 1.0")) as file:
        size, letters = units.unit("score", "size"), units.unit("score", "letters")
        minhash = units.unit("deduplicate", "minhash")
        before = [unit.fingerprint for unit in (size, letters, minhash)]
        target = file.parents[1] / changed
        text = target.read_text() if target.is_file() else ""
        target.unlink(missing_ok=True)
        target.write_text(text + "\n# changed\n")
        units._code.cache_clear()
        after = [unit.fingerprint for unit in (size, letters, minhash)]
    same = [a == b for a, b in zip(before, after, strict=True)]
    assert (
        same
        == {
            "score/size.py": [False, True, True],
            "score/_words.py": [False, False, True],
            "text/counts.py": [False, False, False],
        }[changed]
    )


def test_settings_are_checked_and_filled_in() -> None:
    minhash = units.unit("deduplicate", "minhash")
    plain = minhash.resolve(None)
    assert plain == minhash.resolve({}) == minhash.resolve(plain)
    assert minhash.resolve({"bands": 9}) == {**plain, "bands": 9}
    assert {"seed", "mapper"}.isdisjoint(plain)
    with pytest.raises(RecipeError, match=r"setting 'bands' of minhash: .*\(got 'x'\)"):
        minhash.resolve({"bands": "x"})


def test_a_unit_of_another_kind_is_unknown() -> None:
    with pytest.raises(RecipeError, match="unknown unit to order 'minhash'"):
        units.unit("order", "minhash")
    with pytest.raises(RecipeError, match="unknown rule set 'size'"):
        units.unit("filter", "size")
    with pytest.raises(RecipeError, match="unknown unit to score '_fasttext'"):
        units.unit("score", "_fasttext")


def test_accepted_settings_are_those_of_the_function() -> None:
    def function(batch: object, *, a: int, seed: int) -> None: ...

    assert units.accepted(function, {"a": 1, "b": 2, "batch": 3}) == {"a": 1}
    assert units.keywords(function) == {"a": (int, ...)}


def test_a_scorer_may_take_a_batch_or_a_text(tmp_path: Path) -> None:
    with added(tmp_path, "score", "letters", batch_scorer("letters", "return np.diff(batch.offsets) * times")):
        assert units.unit("score", "letters").settings == {"times": (int, 1)}
        assert scorer_of()["letters"] == "letters"


ORDER = '''"""An order of one test."""

import pyarrow as pa
from schemas.errors import InputError


def by_length({parameters}):
    """Put documents in order.

    Source: Gristmill.
    """
    {body}
'''
RECIPE = "name: x\nsources: {a: a}\nsteps: [{order: by_length}]"


def test_a_unit_is_given_what_it_asks_for_of_what_the_run_has(tmp_path: Path) -> None:
    code = ORDER.format(parameters="documents, *, longest_first: bool = False", body="return documents, longest_first")
    with added(tmp_path, "order", "by_length", code):
        assert parse(RECIPE).steps[0].calls[0].settings == {"longest_first": False}
        assert units.unit("order", "by_length").apply("table", seed=3, longest_first=True) == ("table", True)


@pytest.mark.parametrize(
    ("body", "error", "said"),
    [
        ("return 1 / 0", UnitError, r"^order by_length failed: ZeroDivisionError: .* \(by_length.py, line 12\)$"),
        ("return pa.array(documents)", UnitError, r"^order by_length failed: .* \(by_length.py, line 12\)$"),
        ("raise InputError('no list')", InputError, r"^no list$"),
    ],
)
def test_a_unit_that_fails_is_named_in_one_line(tmp_path: Path, body: str, error: type[Exception], said: str) -> None:
    code = ORDER.format(parameters="documents", body=body)
    with added(tmp_path, "order", "by_length", code), pytest.raises(error, match=said):
        units.unit("order", "by_length").apply(5, seed=1)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("", "too many positional arguments"),
        ("documents, scores", "missing a required argument: 'scores'"),
        ("documents, seed", "missing a required argument: 'seed'"),
        ("documents, *, seed, vocabulary", "missing a required (keyword-only )?argument: 'vocabulary'"),
    ],
)
def test_a_unit_that_cannot_be_called_is_refused_where_the_recipe_is_read(
    tmp_path: Path, parameters: str, said: str
) -> None:
    code = ORDER.format(parameters=parameters, body="return 1")
    given = r"a unit to order is given \(documents, \*, seed, .*, \.\.\.settings\)"
    said = rf"order by_length cannot be called: {said} \(by_length.py, line 7\); {given}"
    with added(tmp_path, "order", "by_length", code), pytest.raises(RecipeError, match=said):
        parse(RECIPE)
