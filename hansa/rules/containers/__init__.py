"""Listings of object stores put together out of several sites' ones, in Swift's own order and forms."""
