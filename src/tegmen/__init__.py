"""tegmen: how many more air-defence systems are enough, from public evidence."""

__version__ = "0.1.0"
