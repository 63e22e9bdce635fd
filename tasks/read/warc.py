"""Web archives: the main text of every page that a crawler stored.

Two extractors, by setting. Read side by side on small real archives (37 pages, 2 MB of HTML): trafilatura with
precision (FineWeb's choice) takes 0.35 s, keeps lists and tables, drops bylines, and on pages made of cards keeps one
of them; resiliparse (DCLM's) takes 0.04 s, keeps blank lines between paragraphs, and lost the lists of two pages that
were little else. An archive is walked record by record by our own reader, which survives broken ones and tells slices
apart; warcio reads what a record holds.
"""

import io
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from typing import Any, Literal

import pyarrow as pa

from schemas.errors import MissingExtraError
from schemas.recipe import Above0, Count
from tasks.read._extract import ExtractionError, Extractor
from tasks.read._page import language_of, license_of, page_of
from tasks.read._rows import BadRecordError, Document, Rows, document_of
from tasks.read._slice import Fields, Slice
from tasks.read._warc import Record, records

PAGES = ("response", "conversion")


def warc(
    slice: Slice,
    fields: Fields,
    *,
    extractor: Literal["trafilatura", "resiliparse"] = "trafilatura",
    favor: Literal["precision", "balance", "recall"] = "precision",
    seconds: Above0 = 30.0,
    largest_page: Count = 8 << 20,
    max_record_bytes: Count = 256 << 20,
    batch_bytes: Count = 8 << 20,
) -> Iterator[pa.RecordBatch]:
    """WARC 1.0 and 1.1, plain, gzip or zstd: the main text of the pages of a crawl, or the texts of a WET file.

    Responses and conversions are records; requests, metadata, revisits and the like describe others and are none. HTML
    gives its main text, plain text is taken as it is. A response that is no page (another type, a status other than
    200, no main text) is a document with an empty text, which a run drops as blank: its address stays in the ledger.
    A record that is broken, a page over ``largest_page`` bytes once decoded, and one that the extractor fails on or
    takes more than ``seconds`` for is a failure. Fields: ``id`` (the record's), ``url``, ``created`` (the time of the
    crawl), ``language`` and ``license`` (as declared), and as metadata ``status``, ``content_type``, ``charset``,
    ``truncated`` and ``ip``. Raises MissingExtraError without the extra ``web``.

    Source: ISO 28500, iipc.github.io/warc-specifications; Barbaresi 2021, trafilatura, aclanthology.org; Bevendorff et
    al. 2018, resiliparse.
    """
    _check_installed()
    rows = Rows(batch_bytes)
    with closing(Extractor(extractor, favor, seconds)) as child:
        for record in records(slice, PAGES, max_record_bytes):
            try:
                rows.add(record.place, record.size, _document(record, fields, child, largest_page))
            except (BadRecordError, ExtractionError) as fault:
                rows.fail(record.place, record.size, str(fault))
            if rows.full:
                yield rows.batch()
    if rows:
        yield rows.batch()


def _check_installed() -> None:
    missing = [name for name in ("warcio", "trafilatura", "resiliparse") if find_spec(name) is None]
    if missing:
        raise MissingExtraError(f"reading WARC needs {', '.join(missing)}: pip install 'gristmill[web]'")


def _document(record: Record, fields: Fields, child: Extractor, largest: int) -> Document:
    if record.error:
        raise BadRecordError(record.error)
    try:
        described, content = _opened(record, largest)
    except Exception as error:  # whatever its parser raises, a record that cannot be opened is a failure of its own
        raise BadRecordError(f"the record cannot be read: {type(error).__name__}: {str(error)[:200]}") from None
    if len(content) > largest:
        raise BadRecordError(f"a page of more than {largest} bytes")
    page = page_of(content, described["content_type"]) if described["status"] in (None, "200") else None
    text = "" if page is None else child.text(page.text) if page.is_html else page.text
    html = page.text if page is not None and page.is_html else ""
    parts = {
        "text": text,
        "language": language_of(html, described.pop("language")),
        "license": license_of(html),
        "charset": page.charset if page is not None else None,
    }
    return document_of({k: v for k, v in {**described, **parts}.items() if v is not None}, fields)


def _opened(record: Record, largest: int) -> tuple[dict[str, Any], bytes]:
    """Return what a record says of its content, and the content as sent: without chunks and compression."""
    from warcio.recordloader import ArcWarcRecordLoader

    found = ArcWarcRecordLoader().parse_record_stream(io.BytesIO(record.data))
    head, http = found.rec_headers, found.http_headers
    if record.kind == "response" and http is None:
        raise BadRecordError("no HTTP response")
    described = {
        "id": _bare(head.get_header("WARC-Record-ID")),
        "url": _bare(head.get_header("WARC-Target-URI")),
        "created": head.get_header("WARC-Date"),
        "truncated": head.get_header("WARC-Truncated"),
        "ip": head.get_header("WARC-IP-Address"),
        "status": http.get_statuscode() if http else None,
        "content_type": (http or head).get_header("Content-Type"),
        "language": http.get_header("Content-Language") if http else None,
    }
    described["language"] = described["language"] or head.get_header("WARC-Identified-Content-Language")
    stream, parts, size = found.content_stream(), [], 0
    while size <= largest and (part := stream.read(1 << 16)):
        parts.append(part)
        size += len(part)
    return described, b"".join(parts)


def _bare(address: str | None) -> str | None:
    """Return an address without the angle brackets that some writers put around it."""
    return address.strip().removeprefix("<").removesuffix(">") if address else None
