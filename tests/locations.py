"""Where the tests find the checkout, and the outside material that only some machines have beside it."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the outside material is not beside this checkout")
