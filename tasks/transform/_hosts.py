"""The host of an address, in one spelling: what groups documents by where they are from."""

import re
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import unquote

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?=//)", re.I)
NOT_A_PLACE = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d)", re.I)
FORBIDDEN = re.compile(r"[\x00-\x20\"#%/:<>?@\[\\\]^`{|}\x7f]")


def host(url: str | None) -> str | None:
    """Return the host of a URL in lower-case ASCII, without user, port and final dot; None if it has none.

    Names in other scripts become their ASCII form (IDNA); IPv6 addresses their shortest, in brackets. A URL may lack
    its scheme. Source: https://url.spec.whatwg.org/#host-parsing

    >>> host("https://me:secret@WWW.Example.org:8080/a?b"), host("http://[2001:DB8:0:0::1]:80/"), host("//bücher.de")
    ('www.example.org', '[2001:db8::1]', 'xn--bcher-kva.de')
    """
    text = (url or "").strip()
    if SCHEME.match(text):
        text = text[text.index(":") + 1 :]
    elif not text.startswith("//") and NOT_A_PLACE.match(text):
        return None
    authority = re.split(r"[/?#\\]", text.removeprefix("//"), maxsplit=1)[0].rpartition("@")[2]
    if authority.startswith("["):
        return _ipv6(authority)
    name, _, port = authority.partition(":")
    if port and not (port.isascii() and port.isdigit()):
        return None
    return _ascii(unquote(name))


def _ipv6(authority: str) -> str | None:
    address, closing, port = authority[1:].partition("]")
    if not closing or not re.fullmatch(r"(:[0-9]*)?", port):
        return None
    try:
        return f"[{IPv6Address(address).compressed}]"
    except AddressValueError:
        return None


def _ascii(name: str) -> str | None:
    try:
        found = name.lower().encode("idna").decode("ascii")
    except UnicodeError:
        return None
    found = found.removesuffix(".").lower()
    return found if found and not FORBIDDEN.search(found) else None
