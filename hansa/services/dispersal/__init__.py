"""Containers of which no landlord alone can read anything: their objects lie at several sites in shares."""
