"""Open the web page: ``python app.py``. The index is built from ``corpus/`` the first time."""

import os
from pathlib import Path

from tipsearch.cli import main
from tipsearch.errors import EXIT_SOME_FILES_SKIPPED

if __name__ == "__main__":
    os.chdir(Path(__file__).parent)
    if not Path("index", "CURRENT").exists():
        try:
            main(["build"])
        except SystemExit as built:
            if built.code not in {0, EXIT_SOME_FILES_SKIPPED}:
                raise
    main(["serve"])
