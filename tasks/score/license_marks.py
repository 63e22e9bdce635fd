"""Which licence a document names in its text, and how often it claims copyright.

Licences are found by what their notices say, not by comparing whole licence texts: a kernel looks for the few words
that every notice has, and only what stands around them is read closely, across line ends and comment marks. What a
source declares of its licence is another thing: the field ``license``.
"""

import re
from collections.abc import Iterator
from functools import cache

import numpy as np
import pyarrow as pa

from schemas.table import Column
from tasks.distinct import distinct
from tasks.score._phrases import Phrases, occurrences, phrases
from tasks.text.batch import TextBatch

COLUMNS = (
    Column("license_found", "VARCHAR", "SPDX name of the first licence that the text names, or none"),
    Column("copyright_lines", "BIGINT", "lines that claim copyright: with a sign or a year"),
)
CLAIMS = (b"copyright", b"\xc2\xa9", b"(c)")
NOTICES = (
    b"licen",
    b"gpl",
    b"creativecommons",
    b"creative commons",
    b"permission",
    b"redistribution",
    b"public domain",
)
AROUND = 400  # bytes before and after such a word
LINE = 1000  # bytes of a line that are looked at
BETWEEN = re.compile(r"(?:\s|[*#;%|]|//+|--+|/\*|\*/|<!--|-->)+")
NAMED = (
    (r"SPDX-License-Identifier: ?\(?(?P<spdx>[\w.+-]+(?: (?:OR|AND|WITH) [\w.+-]+)*)", ""),
    (r"GNU Affero General Public License|\bAGPL(?:v|-)3", "AGPL-3.0"),
    (r"GNU (?:Lesser|Library) General Public License.{0,100}?version 3|\bLGPL(?:v|-)3", "LGPL-3.0"),
    (r"GNU (?:Lesser|Library) General Public License.{0,100}?version 2|\bLGPL(?:v|-)2", "LGPL-2.1"),
    (r"GNU (?:Lesser|Library) General Public License|\bLGPL\b", "LGPL"),
    (r"GNU General Public License.{0,100}?version 3|\bGPL(?:v|-)3", "GPL-3.0"),
    (r"GNU General Public License.{0,100}?version 2|\bGPL(?:v|-)2", "GPL-2.0"),
    (r"GNU General Public License|\bGPL\b", "GPL"),
    (r"Apache Licen[sc]e,? ?(?:version|v)?\.? ?2|apache\.org/licenses/LICENSE-2|\bApache-2", "Apache-2.0"),
    (r"Mozilla Public License", "MPL-2.0"),
    (r"Permission is hereby granted, free of charge|\bMIT Licen[sc]e|licensed under (?:the )?MIT\b", "MIT"),
    (r"Permission to use, copy, modify, and(?:/or)? distribute this software for any purpose", "ISC"),
    (r"Redistribution and use in source and binary forms.{0,1200}?Neither the name", "BSD-3-Clause"),
    (r"Redistribution and use in source and binary forms", "BSD-2-Clause"),
    (r"\bBSD[ -](?:style )?licen[sc]e|\bBSD-[23]-Clause", "BSD"),
    (r"free and unencumbered software released into the public domain", "Unlicense"),
    (r"creativecommons\.org/publicdomain/zero|\bCC0\b", "CC0-1.0"),
    (r"creativecommons\.org/licenses/(?P<cc>by(?:-nc)?(?:-sa|-nd)?)/(?P<version>\d\.\d)", ""),
    (r"Creative Commons Attribution(?P<words>(?:[ -]+(?:NonCommercial|ShareAlike|NoDeriv\w+))*)", ""),
    (r"(?:Python Software Foundation|\bPSF) Licen[sc]e", "PSF-2.0"),
)
# What a text must hold, in small letters, for one of the patterns to be tried.
HINTS = (
    ("spdx-license-identifier",),
    ("gnu affero", "agpl"),
    ("gnu lesser", "gnu library", "lgpl"),
    ("gnu lesser", "gnu library", "lgpl"),
    ("gnu lesser", "gnu library", "lgpl"),
    ("gnu general", "gpl"),
    ("gnu general", "gpl"),
    ("gnu general", "gpl"),
    ("apache",),
    ("mozilla public",),
    ("permission is", "mit licen", "under mit", "under the mit"),
    ("permission to use",),
    ("redistribution and",),
    ("redistribution and",),
    ("bsd",),
    ("unencumbered",),
    ("publicdomain/zero", "cc0"),
    ("creativecommons.org/licenses",),
    ("creative commons attribution",),
    ("python software", "psf"),
)
ALIKE = str.maketrans("ıİſ\u212a", "iisk")  # letters that a pattern in any case takes for those of ASCII
CLAIM = re.compile(r"copyright\W{0,5}(?:\(c\)|©|[12]\d{3})|copyright.{0,60}\b[12]\d{3}\b|(?:©|\(c\))\s?[12]\d{3}", re.I)


def license_marks(batch: TextBatch) -> dict[str, np.ndarray | pa.Array]:
    """Name the licence whose notice stands first in a document, and count its copyright lines.

    Names are SPDX identifiers, without the version where the notice gives none (``GPL``, ``BSD``). An
    ``SPDX-License-Identifier`` is taken as it is written. Other licences, and those whose text is given without one of
    the usual sentences, are not found.

    Source: Soldaini et al. 2024, Dolma, arXiv:2402.00159 (licence and copyright taggers); names by spdx.org.

    >>> found = license_marks(TextBatch(pa.array(["# Copyright 2020 A\\n# GNU General Public\\n# License, version 3"])))
    >>> found["license_found"][0].as_py(), found["copyright_lines"].tolist()
    ('GPL-3.0', [1])
    """
    documents, places, words = occurrences(batch.data, batch.offsets, _words())
    claims = words < len(CLAIMS)
    return {
        "license_found": pa.array(_names(batch, documents[~claims], places[~claims]), pa.string()),
        "copyright_lines": _claims(batch, places[claims]),
    }


def _names(batch: TextBatch, documents: np.ndarray, places: np.ndarray) -> list[str]:
    names = ["none"] * len(batch)
    for document in distinct(documents).tolist():
        start, stop = batch.offsets[document : document + 2].tolist()
        first, last = np.searchsorted(documents, [document, document + 1]).tolist()
        texts = (_text(batch, *window) for window in _windows(places[first:last], start, stop))
        names[document] = next((name for text in texts if (name := _named(text))), "none")
    return names


def _claims(batch: TextBatch, places: np.ndarray) -> np.ndarray:
    counts = np.zeros(len(batch), np.int64)
    lines = distinct(np.searchsorted(batch.lines.starts, places, side="right") - 1)
    documents = np.searchsorted(batch.lines.offsets, lines, side="right") - 1
    for line, document in zip(lines.tolist(), documents.tolist(), strict=True):
        start, stop = int(batch.lines.starts[line]), int(batch.lines.stops[line])
        counts[document] += CLAIM.search(_text(batch, start, min(stop, start + LINE))) is not None
    return counts


@cache
def _words() -> Phrases:
    return phrases((*CLAIMS, *NOTICES), folded=True)


def _windows(places: np.ndarray, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Return the stretches around ``places``, those that touch joined."""
    firsts, lasts = np.maximum(places - AROUND, start), np.minimum(places + AROUND, stop)
    cuts = np.flatnonzero(firsts[1:] > lasts[:-1]) + 1
    for part in np.split(np.arange(len(places)), cuts):
        yield int(firsts[part[0]]), int(lasts[part[-1]])


def _text(batch: TextBatch, start: int, stop: int) -> str:
    return batch.data[start:stop].tobytes().decode("utf-8", "ignore")


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern, _ in NAMED)


def _named(text: str) -> str | None:
    """Return the licence named first; of two at the same place, the one that the list names first."""
    plain = BETWEEN.sub(" ", text)
    small = plain.translate(ALIKE).lower()
    tried = [
        (i, p) for i, (p, hints) in enumerate(zip(_patterns(), HINTS, strict=True)) if any(h in small for h in hints)
    ]
    found = [(m.start(), i, m) for i, p in tried if (m := p.search(plain))]
    if not found:
        return None
    _, i, match = min(found, key=lambda each: each[:2])
    parts = match.groupdict()
    if "spdx" in parts:
        return str(parts["spdx"])
    if "cc" in parts:
        return f"CC-{parts['cc'].upper()}-{parts['version']}"
    if "words" in parts:
        terms = {"n": "", "noncommercial": "-NC", "sharealike": "-SA"}
        return "CC-BY" + "".join(terms.get(word, "-ND") for word in re.findall(r"[a-z]+", parts["words"].lower()))
    return NAMED[i][1]
