"""How many are enough: the one study behind every answer, siting, sufficiency, drivers, claims, what-if, plans."""
