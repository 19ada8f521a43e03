"""Durable many-step work, and the loops that finish what a crash or a dead site left half done."""
