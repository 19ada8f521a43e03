"""The HTTP client that sites and the identity engine are reached by."""
