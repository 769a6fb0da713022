"""Writes the OpenAPI document of every API; with --check fails when one is stale."""

import json
import sys
from pathlib import Path
from typing import Any

from offhook.http.apis import APIS
from offhook.http.openapi.documents import make

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "src" / "offhook" / "http" / "openapi" / "made"


def main() -> int:
    wanted = {FOLDER / f"{api.name}.json": text(make(api)) for api in APIS}
    stale = [path for path, content in wanted.items() if not path.exists() or path.read_text() != content]
    left = [path for path in FOLDER.glob("*.json") if path not in wanted]
    if "--check" in sys.argv:
        for path in (*stale, *left):
            print(f"{path.relative_to(ROOT)} is stale; run: scripts/openapi", file=sys.stderr)
        return 1 if stale or left else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.write_text(wanted[path])
        print(path.relative_to(ROOT))
    for path in left:
        path.unlink()
    return 0


def text(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
