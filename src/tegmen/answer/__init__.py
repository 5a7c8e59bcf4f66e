"""How many are enough: goals, the one study behind every answer, siting, sufficiency, claims, what-if, plans."""
