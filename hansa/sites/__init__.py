"""One folder per kind of site, and the wire they are reached by."""
