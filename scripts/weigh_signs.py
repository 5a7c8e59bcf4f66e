"""Learn data/reading/weights.toml: when a field read in an article is sure.

Logistic regression with a quadratic penalty on the signs of each field (`ledger/reading/sureness.py`), from the
labelled articles in tests/ledger/articles but those held apart (fifteenth.toml). A field is an example for every draft
that a label stands for, right or wrong; the quantity for every draft of something counted. The grammar was shaped on
the first nine files, so their examples weigh a third. A field is sure where its chance of being right is `WANTED`; how
often that held is told over folds of whole articles left out in turn. Run from anywhere:
``python scripts/weigh_signs.py``. The same input gives the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from article_labels import COUNTED, as_read, label_of, labelled, pairs, read  # noqa: E402

from tegmen.ledger.reading.sureness import SIGNED_FIELDS  # noqa: E402

TARGET = ROOT / "src" / "tegmen" / "data" / "reading" / "weights.toml"
SHAPED_ON = "first second third fourth fifth sixth seventh eighth ninth".split()
LATER = "tenth eleventh twelfth thirteenth fourteenth".split()
WANTED = {"quantity": 0.97, "role": 0.9, "speaker": 0.92, "time": 0.9}
LEAST = 0.05
"""Lighter weights are left out of the table."""
PENALTY, FOLDS = 1.0, 10

HEAD = """# When a field read in an article is sure: base and weights of signs [log-odds], what their sum must reach.
# Made by scripts/weigh_signs.py from labelled articles; what the signs are, ledger/reading/sureness.py says.
"""

Example = tuple[frozenset[str], bool, float, int]
"""Signs, whether the field was right, weight, number of the article."""


def examples() -> dict[str, list[Example]]:
    """Read the labelled articles, and give the examples of each field."""
    found: dict[str, list[Example]] = {field: [] for field in SIGNED_FIELDS}
    articles = [(article, 1 / 3) for article in labelled(*SHAPED_ON)] + [(article, 1.0) for article in labelled(*LATER)]
    for number, (article, weight) in enumerate(articles):
        drafts = [as_read(draft) for draft in read(article) if draft.guess is not None]
        right = {
            id(draft): fields for _, draft, fields in pairs([label_of(line) for line in article["drafts"]], drafts)
        }
        for draft in drafts:
            if draft.entry.kind not in COUNTED or draft.entry.quantity is None:
                continue
            fields = right.get(id(draft))
            for field, signs in draft.signs:
                if field == "quantity":
                    found[field].append((frozenset(signs), fields is not None, weight, number))
                elif fields is not None:
                    found[field].append((frozenset(signs), fields[field], weight, number))
    return found


def fitted(rows: list[Example], signs: list[str]) -> tuple[float, np.ndarray]:
    """Base and weights that make the examples likeliest, less the penalty."""
    table = np.array([[sign in row[0] for sign in signs] for row in rows], float)
    side = np.where([row[1] for row in rows], 1.0, -1.0)
    weight = np.array([row[2] for row in rows])

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        margin = side * (x[0] + table @ x[1:])
        pull = -weight * side / (1 + np.exp(margin))
        slope = np.concatenate([[pull.sum()], table.T @ pull + PENALTY * x[1:]])
        return float(weight @ np.logaddexp(0, -margin) + PENALTY / 2 * x[1:] @ x[1:]), slope

    best = minimize(loss, np.zeros(len(signs) + 1), jac=True, method="L-BFGS-B")
    return float(best.x[0]), np.round(best.x[1:], 2)


def scored(rows: list[Example], signs: list[str]) -> list[tuple[float, bool]]:
    """Log-odds of every later example by weights learnt without its article's fold, and whether it was right."""
    found: list[tuple[float, bool]] = []
    for fold in range(FOLDS):
        base, weights = fitted([row for row in rows if row[3] % FOLDS != fold], signs)
        by = dict(zip(signs, weights, strict=True))
        kept = [row for row in rows if row[3] % FOLDS == fold and row[2] == 1.0]
        found += [(base + sum(by[sign] for sign in row[0]), row[1]) for row in kept]
    return sorted(found, reverse=True)


def main() -> None:
    """Write the weights."""
    text = HEAD
    for field, rows in examples().items():
        signs = sorted({sign for row in rows for sign in row[0]})
        found = scored(rows, signs)
        least = float(np.log(WANTED[field] / (1 - WANTED[field])))
        sure = [is_right for odds, is_right in found if odds >= least]
        base, weights = fitted(rows, signs)
        kept = {sign: weight for sign, weight in zip(signs, weights, strict=True) if abs(weight) >= LEAST}
        text += f"\n[{field}]\nbase = {base:.2f}\nthreshold = {least:.2f}\n\n[{field}.weights]\n"
        text += "".join(f'"{sign}" = {weight}\n' for sign, weight in kept.items())
        print(f"{field}: {sum(r for _, r in found)} of {len(found)} right; {sum(sure)} of {len(sure)} that are sure")
    TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
