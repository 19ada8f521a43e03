"""One method per thing that a caller may ask."""
