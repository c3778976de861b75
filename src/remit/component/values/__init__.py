"""How values of component types look in Python."""
