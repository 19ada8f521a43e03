"""Configuration, wiring, supervision and the command line."""
