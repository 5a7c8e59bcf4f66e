"""Time of reading an article of 1,000 words after load, and of the longest line that is allowed.

Run with ``python benchmarks/reading.py``; prints one line a figure. Medians of nine runs.
"""

from __future__ import annotations

import os
import platform
import statistics
import time
import tomllib
from pathlib import Path

from tegmen.ledger.reading.articles import CHARACTERS_MOST, Article, make_article
from tegmen.ledger.reading.extraction import read_article

RUNS = 9


def seconds(article: Article) -> float:
    """Seconds of one reading."""
    begin = time.perf_counter()
    read_article(article)
    return time.perf_counter() - begin


def main() -> None:
    """Measure and print."""
    tests = Path(__file__).parents[1] / "tests" / "ledger" / "articles"
    articles = tomllib.loads((tests / "first.toml").read_text(encoding="utf-8"))["article"]
    words = " ".join(article["text"] for article in articles if not article.get("html")).split(" ")
    article = make_article(" ".join(words[:1000]).encode())
    seconds(article)
    times = [seconds(article) for _ in range(RUNS)]
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"1,000 words: {statistics.median(times):.3f} s (median of {RUNS}; {min(times):.3f}–{max(times):.3f})")
    line = "Russia launched 30 drones and " * (CHARACTERS_MOST // 30)
    print(f"one line of {len(line):,} characters: {seconds(make_article(line.encode())):.1f} s")


if __name__ == "__main__":
    main()
