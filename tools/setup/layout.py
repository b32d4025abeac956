"""Where set-up puts things. Everything lies inside the checkout and outside git."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    root: Path

    @property
    def cache(self) -> Path:
        return self.root / ".cache"

    @property
    def stamps(self) -> Path:
        return self.cache / "stamps"

    @property
    def venv_bin(self) -> Path:
        return self.root / ".venv" / "bin"

    @property
    def node_record(self) -> Path:
        """Says which Node and npm are used."""
        return self.cache / "node.json"

    @property
    def node_modules(self) -> Path:
        return self.root / "node_modules"

    @property
    def interop(self) -> Path:
        """The tests' own npm packages."""
        return self.root / "tests" / "interop"

    @property
    def bundle(self) -> Path:
        """The name is workerd's: with the flag `python_workers_development` it looks for the version `dev`."""
        return self.cache / "runtime" / "pyodide_dev.capnp.bin"

    @property
    def python_modules(self) -> Path:
        """The name and place are wrangler's: it uploads what lies here with every Python Worker."""
        return self.root / "python_modules"

    @property
    def snapshots(self) -> Path:
        return self.cache / "snapshot"

    @property
    def workerd_wrapper(self) -> Path:
        return self.cache / "workerd"
