"""Swift's API v1."""
