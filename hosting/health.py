"""Exit code 0 if the server on $PORT answers its health check with "ok", else 1 and why. The body is compared because unknown paths answer
200 too."""

from __future__ import annotations

import os
import sys
import urllib.request


def main() -> int:
    address = f"http://127.0.0.1:{os.environ.get('PORT', '8501')}/_stcore/health"
    try:
        with urllib.request.urlopen(address, timeout=4) as answer:
            body = answer.read(100).decode(errors="replace").strip()
    except OSError as error:
        print(f"unhealthy: {error}")
        return 1
    print("healthy" if body == "ok" else f"unhealthy: {body!r}")
    return 0 if body == "ok" else 1


if __name__ == "__main__":
    sys.exit(main())
