"""What is asked: the scenario, its numbers with their sources, places, launches, and the theatre they make."""
