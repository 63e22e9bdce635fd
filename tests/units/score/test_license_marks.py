"""Notices as programs carry them, in the comment marks of several languages."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.score.license_marks import NAMED, _named, license_marks
from tests.units.text.oracles import batch

GPL = "This program is free software: you can redistribute it under the terms of the GNU General Public License as "
GPL += "published by the Free Software Foundation, either version 3 of the License, or any later version."
BSD = "Redistribution and use in source and binary forms, with or without modification, are permitted provided that "
BSD += (
    "the following conditions are met: 1. Redistributions of source code must retain the above copyright notice, this "
)
BSD += "list of conditions and the following disclaimer. 2. Redistributions in binary form must reproduce the above "
BSD += "copyright notice, this list of conditions and the following disclaimer in the documentation and/or other "
BSD += "materials provided with the distribution. "


def named(text: str) -> str:
    return str(license_marks(batch(text))["license_found"][0].as_py())


def wrapped(text: str, mark: str) -> str:
    """A notice as a comment of lines of four words."""
    words = text.split()
    return "\n".join(f"{mark} {' '.join(words[i : i + 4])}" for i in range(0, len(words), 4))


@pytest.mark.parametrize("mark", ["#", "//", " *", "--", ";;", "%", ""])
@pytest.mark.parametrize(
    ("notice", "name"),
    [
        (GPL, "GPL-3.0"),
        (GPL.replace("General", "Affero General"), "AGPL-3.0"),
        (GPL.replace("General", "Lesser General"), "LGPL-3.0"),
        (GPL.replace("version 3", "version 2"), "GPL-2.0"),
        (BSD + "3. Neither the name of the copyright holder nor the names of its contributors", "BSD-3-Clause"),
        (BSD, "BSD-2-Clause"),
        ("Permission is hereby granted, free of charge, to any person obtaining a copy", "MIT"),
        ('Licensed under the Apache License, Version 2.0 (the "License")', "Apache-2.0"),
        ("This Source Code Form is subject to the terms of the Mozilla Public License, v. 2.0.", "MPL-2.0"),
        ("This is free and unencumbered software released into the public domain.", "Unlicense"),
    ],
)
def test_notices_across_lines(notice: str, name: str, mark: str) -> None:
    assert named(wrapped(notice, mark) + "\n\ncode()") == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("// SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note\n", "GPL-2.0-only WITH Linux-syscall-note"),
        ("# SPDX-License-Identifier: (MIT OR Apache-2.0)", "MIT OR Apache-2.0"),
        ("https://creativecommons.org/licenses/by-nc-sa/4.0/", "CC-BY-NC-SA-4.0"),
        ("Creative Commons Attribution-ShareAlike License", "CC-BY-SA"),
        ("Creative Commons Attribution-NonCommercial-NoDerivatives 4.0", "CC-BY-NC-ND"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("Released under the MIT licence; parts under the GPL.", "MIT"),
        ("Parts under the GPL, the rest under the MIT licence.", "GPL"),
        ("A driving license permits nobody to commit crimes. ", "none"),
        ("x" * 10_000 + " GPL", "GPL"),
        ("", "none"),
    ],
)
def test_names(text: str, name: str) -> None:
    assert named(text) == name


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("# Copyright (c) 2020 A. Author\n# Copyright 2021 B. Writer, 2022\n", 2),
        ("/* © 1999 C. */\n(c) 2003 D", 2),
        ("COPYRIGHT BY E, 2010.", 1),
        ("Copyright law is old. f(c) and (c) are calls. A © alone.", 0),
        ("", 0),
    ],
)
def test_lines_that_claim_copyright(text: str, lines: int) -> None:
    assert license_marks(batch("Copyright 1 of another text, 1999", text))["copyright_lines"].tolist()[1] == lines


@pytest.mark.parametrize("pattern", [pattern for pattern, _ in NAMED])
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_what_a_pattern_matches_holds_one_of_its_hints(pattern: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(re.compile(pattern, re.IGNORECASE), fullmatch=True))
    assert _named(text) is not None


def test_letters_that_match_those_of_ascii_do_not_hide_a_notice() -> None:
    assert named("licence: M\u0131T L\u0130CEN\u017fE") == "MIT" == named("Licensed under MIT")
    assert named("license: \u212a P\u017fF Licen\u017fe") == "PSF-2.0"
