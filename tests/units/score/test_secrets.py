"""Made-up secrets of every form are found where they stand; what only looks like one is not."""

import random
import string
from typing import Any

import pytest

from tasks.score._phrases import occurrences, phrases
from tasks.score.secrets import FORMS, secrets
from tests.data import texts
from tests.units.text.oracles import HOSTILE, batch

ALPHABET = string.ascii_uppercase + string.digits


def made(size: int, alphabet: str = string.ascii_letters) -> str:
    return "".join(random.Random(size).choices(alphabet, k=size))


MADE = {
    "AKIA": "AKIA" + made(16, ALPHABET),
    "ASIA": "ASIA" + made(16, ALPHABET),
    **{mark: mark + made(36) for mark in ("ghp_", "gho_", "ghu_", "ghs_", "npm_")},
    "github_pat_": "github_pat_" + made(82),
    "glpat-": "glpat-" + made(20),
    "xox": "xoxb-" + made(24),
    "AIza": "AIza" + made(35),
    "sk_live_": "sk_live_" + made(24),
    "rk_live_": "rk_live_" + made(24),
    "sk-": "sk-proj-" + made(40),
    "hf_": "hf_" + made(34),
    "SG.": f"SG.{made(22)}.{made(43)}",
    "-----BEGIN": "-----BEGIN RSA PRIVATE " + "KEY-----",
    "eyJ": f"eyJ{made(20)}.eyJ{made(30)}.{made(40)}",
}


def counts(text: str, **settings: float) -> dict[str, Any]:
    found = secrets(batch("before", text), **settings)
    return {name.removeprefix("secret_"): values.tolist()[1] for name, values in found.items()}


@pytest.mark.parametrize(("mark", "kind"), [(mark.decode(), kind) for mark, _, kind in FORMS])
def test_every_form_is_found_once(mark: str, kind: int) -> None:
    name = ("keys", "private_keys", "tokens")[kind]
    for text in (f"k = '{MADE[mark]}';", MADE[mark], f"é {MADE[mark]}\n" * 2):
        assert counts(text) == dict.fromkeys(counts(""), 0) | {name: text.count(MADE[mark])}


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "A" * 16,
        "AKIAIOSFODNN7" + "EXAMPLE",
        "X" + MADE["AKIA"],
        MADE["AKIA"] + "9",
        MADE["ghp_"][:30],
        "a task-project-manager risk-analysis",
        "-----BEGIN PUBLIC KEY-----",
        "eyJ.eyJ.x",
        "-----BEGIN CERTIFICATE-----",
        "password = input('a long question for the password 1')",
        'token = "a" * 40',
        'secret = "aaaaaaaaaaaaaaaaaaaa1"',
        'token_type = "authorization_code_flow"',
    ],
)
def test_what_is_no_secret(text: str) -> None:
    assert set(counts(text).values()) == {0}


@pytest.mark.parametrize("form", ['{} = "{}"', "{}: '{}'", '"{}": "{}"', "my_{}_prod := '{}'", "{}=>'{}'"])
@pytest.mark.parametrize("name", ["password", "API_KEY", "Secret", "auth_token"])
def test_random_strings_assigned_to_telling_names(form: str, name: str) -> None:
    value = "x9Kq2LmZ7pRw4TvB8nYc"
    assert counts(form.format(name, value))["assignments"] == 1
    assert counts(form.format(name, value), entropy=6)["assignments"] == 0
    assert counts(form.format("greeting", value))["assignments"] == 0


def test_a_name_of_two_telling_words_is_one_assignment() -> None:
    assert counts("secret_token = 'x9Kq2LmZ7pRw4TvB8nYc'")["assignments"] == 1


@pytest.mark.parametrize("folded", [True, False])
def test_occurrences_against_plain_python(folded: bool) -> None:
    given = [b"the", b"th", b"e\n", b"\xc3\xa9", b"((", b"xx", b"import "]
    documents = (*texts(20), *HOSTILE)
    found = batch(*documents)
    expected = []
    for i, text in enumerate(documents):
        data = text.encode()
        data = data.lower() if folded else data
        for at in range(len(data)):
            expected += [(i, int(found.offsets[i]) + at, k) for k, p in enumerate(given) if data.startswith(p, at)]
    columns = occurrences(found.data, found.offsets, phrases(given, folded=folded))
    rows = zip(*(column.tolist() for column in columns), strict=True)
    assert sorted(rows) == sorted(expected)
