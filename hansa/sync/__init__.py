"""Keeping the inventory true: agents ask the sites, the intake digests what they bring."""
