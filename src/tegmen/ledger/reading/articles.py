"""Files to articles: bytes to text whatever their encoding, pages to the text a reader sees; refuses the rest."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tegmen.errors import InputError, without_hidden

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

ARTICLE_BYTES_MOST = 4_000_000
CHARACTERS_MOST = 200_000
"""A long article has 60 000 characters; what is longer is an archive."""
TAGS_MOST = 30_000

BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
GUESSED: tuple[str, ...] = ("cp1252", "cp1251", "cp1250", "koi8_u", "cp1255", "cp1256", "iso8859_15")
BINARY = tuple(b"%PDF PK\x03\x04 \x89PNG GIF8 \xff\xd8\xff \x1f\x8b \x7fELF SQLite \xd0\xcf\x11\xe0".split(b" "))
"""How files begin that are no text."""
BLOCKS = frozenset(
    "p div h1 h2 h3 h4 h5 h6 li ul ol table tr br article section header footer blockquote figure figcaption main "
    "aside dl dt dd pre hr thead tbody caption title".split()
)
LEFT_OUT = frozenset("script style noscript template svg head nav iframe button form select textarea".split())
STAMPS = "article:published_time datePublished date pubdate publish-date og:published_time dc.date".split()
"""Metadata of a page that may hold the day it was published, the surest first."""
LINE = "\x1e"
"""Stands for the end of a line until white space has been put right."""
CONTROLS = (*range(9), 11, *range(14, 32), 0xFFFD)
"""Characters that text has few of."""
PAGE = re.compile(r"<!doctype html|<html|<body|<head\b|<article|<div|<p>|<p |<table|<br")


@dataclass(frozen=True, slots=True)
class Article:
    """The text of an article, and what its page says of itself.

    Parameters
    ----------
    name
        File it came from, "-" for standard input.
    text
        As a reader sees it; every offset is into this.
    given, stamped
        Date given by the user; date its page carries.
    title, publisher, url
        As its page says; empty for plain text.
    notes
        How it was decoded, where that was a guess.
    """

    name: str
    text: str
    given: dt.date | None = None
    stamped: dt.date | None = None
    title: str = ""
    publisher: str = ""
    url: str = ""
    notes: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """Hash of the text."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


def open_article(path: Path | str, *, date: dt.date | None = None, stream: BinaryIO | None = None) -> Article:
    """Read an article from a file, or from a stream.

    Parameters
    ----------
    path
        File; a name only, if a stream is given.
    date
        Date of the article, where the user knows it.
    stream
        Read from here instead.

    Raises
    ------
    InputError
        No such file, empty, too long, not text.
    """
    name = str(path)
    try:
        with nullcontext(stream) if stream is not None else Path(path).open("rb") as file:
            content = file.read(ARTICLE_BYTES_MOST + 1)
    except OSError as error:
        raise InputError(name, [f"cannot be read: {error.strerror or error}"]) from error
    return make_article(content, name, date=date)


def make_article(content: bytes, name: str = "-", *, date: dt.date | None = None) -> Article:
    """Turn bytes into an article; `open_article` says how it can fail."""
    if len(content) > ARTICLE_BYTES_MOST:
        found = f"longer than {ARTICLE_BYTES_MOST / 1e6:.0f} MB"
        raise InputError(name, [f"{found}; an article is allowed that much: give one article, not an archive"])
    if not content.strip():
        raise InputError(name, ["empty; give the article's text, plain or HTML"])
    if content.startswith(BINARY):
        raise InputError(name, ["is a binary file, not text; save the article as plain text or HTML"])
    text, notes = _decoded_text(content, name)
    if sum(text.count(chr(code)) for code in CONTROLS) > max(8, 0.02 * len(text)):
        raise InputError(name, ["is binary, not text; save the article as plain text or HTML"])
    article = Article(name, text, date, notes=notes)
    page = PAGE.search(text[:3000].lower()) is not None
    if page:
        article = _read_page(article)
    seen = {name: without_hidden(getattr(article, name)) for name in ("text", "title", "publisher", "url")}
    article = replace(article, **seen)  # of a page, only now: its codes for characters are read
    if not article.text.strip():
        what = "the page has no text" if page else "empty"
        raise InputError(name, [f"{what}; give the article's text, plain or HTML"])
    if len(article.text) > CHARACTERS_MOST:
        found = f"{len(article.text):,} characters of text"
        raise InputError(name, [f"{found}; at most {CHARACTERS_MOST:,} are allowed: give one article, not an archive"])
    return article


def _decoded_text(content: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """Text of some bytes: by their mark, as UTF-16, as UTF-8, as the page says, else guessed; and how, if guessed."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace"), ()
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros = content[first::2][:2000].count(0)
        if zeros > 0.3 * min(len(content) // 2, 2000):
            return content.decode(encoding, "replace"), (f"no encoding is marked; read as {encoding}",)
    named = re.search(rb"charset=[\"']?([\w-]{1,30})", content[:4096])
    for encoding in ("utf-8", *([named[1].decode("ascii")] if named else [])):
        with suppress(LookupError, UnicodeDecodeError):
            return content.decode(encoding), ()
    from charset_normalizer import from_bytes

    best = from_bytes(content, cp_isolation=list(GUESSED)).best()
    if best is None:
        raise InputError(name, ["is no text in any known encoding; save the article as UTF-8"])
    return str(best), (f"not UTF-8; guessed to be {best.encoding}: check the names",)


def _read_page(article: Article) -> Article:
    from selectolax.lexbor import LexborHTMLParser

    if article.text.count("<") > TAGS_MOST:
        found = f"more than {TAGS_MOST:,} tags"
        raise InputError(article.name, [f"{found}; no article has so many: give its text"])
    page = LexborHTMLParser(article.text)
    root = page.css_first("article") or page.body or page.root
    title = page.css_first("title")
    return replace(
        article,
        stamped=_published(page),
        title=_meta(page, "og:title") or ("" if title is None else " ".join(title.text().split())),
        publisher=_meta(page, "og:site_name"),
        url=_meta(page, "og:url"),
        text="" if root is None else _visible(root),  # last: it takes the page apart
    )


def _meta(page: LexborHTMLParser, name: str) -> str:
    for node in page.css("meta"):
        held = node.attributes
        if name in (held.get("property"), held.get("name"), held.get("itemprop")):
            return (held.get("content") or "").strip()
    return ""


def _published(page: LexborHTMLParser) -> dt.date | None:
    """Date a page carries: in its metadata, in its linked data, or in its first `time`."""
    found = [_meta(page, name) for name in STAMPS]
    found += re.findall(r"\"datePublished\"\s*:\s*\"([^\"]{10,40})\"", page.html or "")
    found += [node.attributes.get("datetime") or "" for node in page.css("time")[:1]]
    for match in filter(None, (re.match(r"\d{4}-\d{2}-\d{2}", text) for text in found)):
        with suppress(ValueError):
            return dt.date.fromisoformat(match[0])
    return None


def _visible(root: LexborNode) -> str:
    """Text of a page as read: blocks are paragraphs, rows of a table are lines with "|" between cells."""
    for node in root.css(",".join(LEFT_OUT)):
        node.decompose()
    for cell in root.css(":is(td, th) ~ :is(td, th)"):
        cell.insert_before(" | ")
    for block in root.css(",".join(BLOCKS)):
        marks = LINE if block.tag in {"tr", "br"} else LINE * 2
        block.insert_before(marks)
        if block.tag not in {"tr", "br", "tbody", "thead"}:
            block.insert_after(LINE * 2)
    spaced = re.sub(r"[ \t\r\n\f]+", " ", root.text())
    return _tidy(spaced.replace(LINE, "\n"))


def _tidy(text: str) -> str:
    lines = [re.sub(r" {2,}", " ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
