"""Pages that work by themselves: a policy that lets in only their own style and script, and data that stays data."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Final

POLICY: Final = "policy of this page"
"""Stands in a page until its policy is known."""


def in_script(data: object) -> str:
    """Write JSON that cannot end the script element it stands in, nor begin anything else."""
    text = json.dumps(data)  # ASCII
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def sealed(page: str, *, images: str = "") -> str:
    """Give a page its policy: its own style and script by their hashes, nothing else in and nothing out.

    Parameters
    ----------
    images
        Where pictures may come from, e.g. "data: blob:"; a page that draws its own needs none.
    """

    def hashes(tag: str) -> str:
        found = re.findall(rf'<{tag}(?: type="module")?>(.*?)</{tag}>', page, flags=re.DOTALL)
        digests = (hashlib.sha256(each.encode()).digest() for each in found)
        return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)

    own = f"script-src {hashes('script')}; style-src {hashes('style')}"
    pictures = f"; img-src {images}" if images else ""
    return page.replace(POLICY, f"default-src 'none'; {own}{pictures}; base-uri 'none'; form-action 'none'", 1)
