"""A software bill of materials: CycloneDX 1.6, JSON. https://cyclonedx.org/docs/1.6/json/

Law: the same checkout gives the same document; it names no time and draws no number.
"""

from typing import Any

from tools.shipped import Component


def document(version: str, components: list[Component]) -> dict[str, Any]:
    ours = {"type": "application", "name": "parley", "version": version, "bom-ref": f"parley@{version}"}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {**ours, "licenses": [{"license": {"id": "Apache-2.0"}}]}},
        "components": [_component(found) for found in components],
        "dependencies": [{"ref": ours["bom-ref"], "dependsOn": [_ref(found) for found in components]}],
    }


def _component(found: Component) -> dict[str, Any]:
    hashes = {"hashes": [{"alg": "SHA-256", "content": found.sha256}]} if found.sha256 else {}
    return {
        "type": "library",
        "bom-ref": _ref(found),
        "name": found.name,
        "version": found.version,
        "purl": found.purl,
        "licenses": [{"license": {"id": found.licence}}],
        **hashes,
    }


def _ref(found: Component) -> str:
    return f"{found.purl}#{found.place}"
