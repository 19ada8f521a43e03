"""Who calls us: one room per public API."""
