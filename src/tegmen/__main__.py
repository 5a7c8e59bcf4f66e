"""Run the command line with ``python -m tegmen``."""

from tegmen.cli.app import main

main()
