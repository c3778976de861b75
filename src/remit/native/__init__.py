"""The native fast path: optional, Linux only, used for plain host files that nothing watches."""
