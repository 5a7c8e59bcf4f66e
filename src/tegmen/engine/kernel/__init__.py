"""Compiled functions, numbers in and numbers out; on the path of a run integers alone. They import nothing of ours."""
