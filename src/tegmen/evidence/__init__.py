"""The public numbers: parameters and their catalogue, the attack record, geography."""
