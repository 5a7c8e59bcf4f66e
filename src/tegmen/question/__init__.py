"""What is asked: the scenario and its goals, numbers with their sources, and the theatre: places, lanes, launches."""
