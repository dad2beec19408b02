"""``python -m app.cli`` is ``concord``."""

from app.cli import main

if __name__ == "__main__":
    main()
