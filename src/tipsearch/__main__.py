"""``python -m tipsearch``: the shell commands."""

from tipsearch.cli import main

if __name__ == "__main__":
    main()
