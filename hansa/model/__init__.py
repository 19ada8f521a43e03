"""The nouns of the house: frozen records, ids and errors; nothing here does anything."""
