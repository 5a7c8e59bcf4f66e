"""Pages and files: formats what was computed, computes nothing."""
