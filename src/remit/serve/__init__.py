"""A web server for components: connections and their limits, exchanges, and what it tells of itself."""
