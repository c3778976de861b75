"""The remit of a program: what it is handed, and the one place where that is made from the real machine."""
