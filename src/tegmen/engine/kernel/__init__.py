"""Compiled functions, integers in and integers out; they import nothing of ours."""
