"""The canonical ABI: values of component types to core values and linear memory, and back. Knows no WASI."""
