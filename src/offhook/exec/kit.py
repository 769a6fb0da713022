"""Makes the files that the program is given: all in one temporary directory, none of them secret."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from offhook.exec import bundle
from offhook.exec.environment import RUBY_HOOK, Kit

HOOKS = Path(__file__).parent / "hooks"
PREFIX = "offhook-exec-"


def make(environment: Mapping[str, str], authority: Path) -> Kit:
    """`authority` is the PEM file of the installation's authority. The caller removes the directory."""
    kit = Kit(Path(tempfile.mkdtemp(prefix=PREFIX)))
    kit.directory.chmod(0o755)  # a program may give up its user; nothing in here is secret
    trusted = bundle.merged(bundle.sources(environment), authority.read_bytes())
    kit.bundle.write_bytes(trusted)
    kit.java_store.write_bytes(bundle.java_store(trusted))
    shutil.copyfile(HOOKS / "node.cjs", kit.node_hook)
    kit.python_hook.mkdir()
    shutil.copyfile(HOOKS / "python" / "sitecustomize.py", kit.python_hook / "sitecustomize.py")
    kit.ruby_hook.mkdir()
    shutil.copyfile(HOOKS / "ruby" / f"{RUBY_HOOK}.rb", kit.ruby_hook / f"{RUBY_HOOK}.rb")
    kit.php_settings.mkdir()
    (kit.php_settings / "offhook.ini").write_text(
        f'curl.cainfo = "{kit.bundle}"\nopenssl.cafile = "{kit.bundle}"\n'
    )
    return kit


def remove(kit: Kit) -> None:
    shutil.rmtree(kit.directory, ignore_errors=True)
