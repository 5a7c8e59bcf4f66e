"""Run the command line with ``python -m tegmen``."""

from tegmen.cli import main

main()
