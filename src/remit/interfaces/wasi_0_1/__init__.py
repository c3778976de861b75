"""WASI 0.1: what previews 0 and 1 have in common. :mod:`~remit.interfaces.wasi_0_1.layout` says where they differ."""
