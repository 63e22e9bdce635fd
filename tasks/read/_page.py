"""What a web server sent: its type, its characters, the language and licence that it declares."""

import codecs
import re
from typing import NamedTuple

BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
HTML = ("text/html", "application/xhtml+xml")
HEAD_BYTES = 4096  # where a page declares its charset and language
LOOKS_LIKE_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
META_CHARSET = re.compile(rb"<meta\b[^>]{0,500}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
LANGUAGE = re.compile(r"<html\b[^>]{0,1000}?\s(?:xml:)?lang\s*=\s*[\"']?([a-z]{2,8}(?:-[a-z0-9]{1,8})*)", re.IGNORECASE)
LINK = re.compile(r"<(?:a|link)\s[^<>]{0,1000}>", re.IGNORECASE)
REL_LICENSE = re.compile(r"\srel\s*=\s*(?:license\b|\"[^\"]*\blicense\b|'[^']*\blicense\b)", re.IGNORECASE)
HREF = re.compile(r"\shref\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)


class Page(NamedTuple):
    """A text with the charset by which it was decoded and whether it is HTML."""

    text: str
    charset: str
    is_html: bool


def page_of(data: bytes, content_type: str | None) -> Page | None:
    """Decode what a server sent, None if it is neither HTML nor plain text.

    The charset is that of the byte order mark, of the server, of the page, or found out, in this order. What it cannot
    decode becomes U+FFFD.

    >>> page_of(b"caf\\xe9", "text/plain; charset=latin1")
    Page(text='café', charset='cp1252', is_html=False)
    """
    kind = (content_type or "").partition(";")[0].strip().lower()
    is_html = kind in HTML or (not kind and LOOKS_LIKE_HTML.search(data, 0, HEAD_BYTES) is not None)
    if not is_html and kind != "text/plain":
        return None
    charset = _charset(data, content_type or "", is_html)
    return Page(data.decode(charset, "replace"), charset, is_html)


def language_of(html: str, declared: str | None) -> str | None:
    """Return the language that a server or else a page declares; the first of several."""
    first = (declared or "").partition(",")[0].strip()
    if first:
        return first
    found = LANGUAGE.search(html, 0, HEAD_BYTES)
    return found[1] if found else None


def license_of(html: str) -> str | None:
    """Return the address of the licence that a page links to as its own.

    >>> license_of('<a rel="license" href="https://creativecommons.org/licenses/by/4.0/">CC BY</a>')
    'https://creativecommons.org/licenses/by/4.0/'
    """
    links = (found[0] for found in LINK.finditer(html)) if "license" in html.lower() else ()
    own = (HREF.search(link) for link in links if REL_LICENSE.search(link))
    return next((found[1] for found in own if found), None)


def _charset(data: bytes, content_type: str, is_html: bool) -> str:
    for mark, name in BOMS:
        if data.startswith(mark):
            return name
    declared = CHARSET.search(content_type)
    in_page = META_CHARSET.search(data, 0, HEAD_BYTES) if is_html else None
    for label in (declared[1] if declared else "", in_page[1].decode("ascii", "replace") if in_page else ""):
        if known := _known(label):
            return known
    return _detected(data)


def _known(label: str) -> str | None:
    """Return the codec that browsers take for a label; a page in Latin-1 is decoded as Windows-1252, as they do."""
    from resiliparse.parse.encoding import map_encoding_to_html5

    name = map_encoding_to_html5(label, fallback_utf8=False) if label else None
    try:
        return name if name and codecs.lookup(name) else None
    except LookupError:
        return None


def _detected(data: bytes) -> str:
    from resiliparse.parse.encoding import detect_encoding

    try:
        data.decode()
    except UnicodeDecodeError:
        return _known(detect_encoding(data) or "") or "cp1252"
    return "utf-8"
