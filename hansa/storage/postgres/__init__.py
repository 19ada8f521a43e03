"""The store on PostgreSQL, for a league that has outgrown one file."""

from hansa.storage.postgres.store import open_store as open_store
