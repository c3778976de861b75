"""Sockets that a program is handed."""
