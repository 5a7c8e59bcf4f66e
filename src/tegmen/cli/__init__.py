"""The verbs: thin skins over the public functions."""
