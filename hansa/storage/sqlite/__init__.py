"""The store on SQLite: one file in a directory, or memory alone."""

from hansa.storage.sqlite.store import open_store as open_store
