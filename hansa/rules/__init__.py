"""Judgements as pure functions: no I/O, no clock, no loop."""
