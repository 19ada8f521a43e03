"""Judgements about S3 requests: signatures, bodies, listings, names, parts of large objects."""
