"""Speed, as ratios against peers on the same work in the same run: ``python -m bench``."""
