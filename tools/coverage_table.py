"""``python -m tools.coverage_table``: write the coverage table of the WASI 0.2 conformance suite."""

from __future__ import annotations

import sys

from tools.cache import REPOSITORY

PAGE = REPOSITORY / "docs" / "wasi-0.2-coverage.md"


def main() -> None:
    sys.path.insert(0, str(REPOSITORY / "tests"))
    from wasi_0_2.coverage import seen, table

    PAGE.write_text(table(seen()))
    print(PAGE)


if __name__ == "__main__":
    main()
