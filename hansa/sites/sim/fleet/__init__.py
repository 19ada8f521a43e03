"""Simulated clouds with very many servers: objects that nobody touched are numbers, a document is made when one is asked for."""
