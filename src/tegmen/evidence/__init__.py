"""The public numbers: systems, parameters and their catalogue, the attack record, geography."""
