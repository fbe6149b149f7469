"""Ring, wait, acknowledge, depth: how workers hear of work."""
