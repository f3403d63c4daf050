"""Where an index lives: a local folder of generations."""
