"""Objects that no site alone can read: sealed under a key of their own, ciphertext and key split so that any k of n sites give them back."""
