"""Who said what: entries, hedges, the store and its JSON lines, aid, and reading an article."""
