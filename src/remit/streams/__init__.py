"""What a program reads and writes as standard streams: the host's descriptors, memory, Python objects, asyncio."""
