"""Chance: months fought in each world, by a kernel that knows only numbers."""
