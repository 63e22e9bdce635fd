"""Addresses and lists, and what datatrove's URL filter says of them.

    python -m tests.units.score.addresses PYTHON

writes ``addresses.json`` anew with PYTHON, the interpreter of an environment with datatrove, tldextract and
pyahocorasick.
"""

import json
import random
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
LISTS = {
    "domains": ["bad.com", "sub.worse.org", "blog.co.uk", "10.0.0.1", "xn--bcher-kva.example"],
    "urls": ["http://fine.net/one", "https://www.fine.net/a?b=c"],
    "hard_words": ["porn", "casino", "xxx"],
    "soft_words": ["webcam", "escort", "free", "girls", "bet"],
    "sub_words": ["pokerroom", "freemoney", "w4rez"],
}
SCHEMES = ("http://", "https://", "http://www.", "", "ftp://", "https://user:pass@", "//")
HOSTS = (
    *("bad.com", "notbad.com", "a.bad.com", "a.b.bad.com", "worse.org", "sub.worse.org", "x.sub.worse.org"),
    *("blog.co.uk", "my.blog.co.uk", "co.uk", "fine.net", "www.fine.net", "10.0.0.1", "10.0.0.12", "localhost"),
    *("poker-room.net", "freegirls.example", "free-webcam.example", "[::1]", "bücher.example", "bad.com.evil.net"),
)
PARTS = (
    *("", "one", "porn", "porno", "my-porn-page", "casino_royale", "webcam", "escort.html", "free", "girls"),
    *("free/free", "poker-room", "free_money", "w4-rez", "?b=c", "a?b=c", "#xxx", "page.php?q=bet&r=free", "über"),
)
SCRIPT = """
import json, sys
from datatrove.data import Document
from datatrove.pipeline.filters import URLFilter
lists = json.loads(sys.argv[1])
unit = URLFilter(extra_domains=lists["domains"], extra_urls=lists["urls"], banned_words=lists["hard_words"],
    banned_subwords=lists["sub_words"], soft_banned_words=lists["soft_words"], use_integrated_lists=False)
unit.tldextractor = __import__("tldextract").TLDExtract(suffix_list_urls=())
for line in sys.stdin:
    url = json.loads(line)
    found = unit.filter(Document(text="", id="", metadata={"url": url}))
    print(json.dumps([url, found if found is True else found[1]], ensure_ascii=False))
"""


def urls() -> list[str]:
    """Seeded addresses in lower case: the filter does not lower its words."""
    draw = random.Random(7)
    made = {
        draw.choice(SCHEMES) + draw.choice(HOSTS) + draw.choice(("", ":8080", ".")) + "/" + "/".join(
            draw.choice(PARTS) for _ in range(draw.randint(0, 3))
        )
        for _ in range(700)
    }  # fmt: skip
    return sorted(made | set(LISTS["urls"]))


def main(python: str) -> None:
    """Let datatrove decide about every address."""
    command = [python, "-c", SCRIPT, json.dumps(LISTS)]
    lines = "\n".join(json.dumps(url) for url in urls())
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    body = ",\n".join(line for line in done.stdout.splitlines() if line.startswith(('["', "['")))
    (HERE / "addresses.json").write_text(f"[\n{body}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
