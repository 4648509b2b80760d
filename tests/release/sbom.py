"""The SBOM of the station (CycloneDX 1.6, JSON): every part with its licence, version, purl and hashes."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.release import parts
from tests.tree import ROOT

_LICENCES = LicenseFactory()
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _component(name: str, licence: str, purl: PackageURL | None, version: str | None, within: str = "") -> Component:
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        licenses=[_LICENCES.make_from_string(licence)],
        purl=purl,
        bom_ref=f"{within}{purl or name}",
    )


def _of_python(part: parts.Python, inside: list[parts.Inside]) -> Component:
    """A locked package. Each file's hash is with its download location, because one version has many files."""
    made = _component(part.name, part.licence, PackageURL("pypi", name=part.name, version=part.version), part.version)
    made.external_references.add(
        ExternalReference(
            type=ExternalReferenceType.DISTRIBUTION,
            url=XsUri(f"https://pypi.org/project/{part.name}/{part.version}/#files"),
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in part.digests],
        )
    )
    for one in inside:
        generic = PackageURL("generic", name=one.name, version=one.version)
        purl = PackageURL.from_string(one.purl) if one.purl else generic
        made.components.add(_component(one.name, one.licence, purl, one.version, within=f"{part.name} has "))
    return made


def _needs(part: parts.Python) -> set[str]:
    """The declared requirements of a package on this machine, without extras."""
    asked = [Requirement(line) for line in parts.installed(part).requires or ()]
    return {canonicalize_name(one.name) for one in asked if one.marker is None or one.marker.evaluate({"extra": ""})}


def _debian() -> tuple[Component, ...]:
    control = (ROOT / "systemd" / "package" / "control").read_text(encoding="utf-8")
    recommended = re.findall(r"^Recommends: (.*)$", control, flags=re.MULTILINE)[0].split(", ")
    made = []
    for name, licence in parts.debian_parts().items():
        one = _component(name, licence, PackageURL("deb", "debian", name), None)
        one.scope = ComponentScope.OPTIONAL if name in recommended else ComponentScope.REQUIRED
        made.append(one)
    return tuple(made)


def sbom(commit: str, at: int) -> str:
    """The SBOM of a commit, at a Unix time in seconds; the same inputs give the same text.

    Raises `PartError` for a part without a licence, or an environment that differs from the lock.
    """
    name, version = _PROJECT["name"], _PROJECT["version"]
    station = _component(name, _PROJECT["license"], PackageURL("generic", name=name, version=version), version)
    station.type = ComponentType.APPLICATION
    station.description = _PROJECT["description"]
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, f"{name} {version} {commit}"))
    bom.metadata.timestamp = datetime.fromtimestamp(at, UTC)
    bom.metadata.component = station
    inside = parts.inside_parts()
    python = {
        part.name: (part, _of_python(part, [one for one in inside if one.of == part.name]))
        for part in parts.python_parts()
    }
    for part, made in python.values():
        bom.components.add(made)
        bom.register_dependency(made, [python[needed][1] for needed in sorted(_needs(part) & python.keys())])
    files = [
        _component(one.name, one.licence, PackageURL.from_string(one.purl), PackageURL.from_string(one.purl).version)
        for one in parts.files()
        if one.shipped and one.purl
    ]
    direct = {canonicalize_name(Requirement(line).name) for line in _PROJECT["dependencies"]}
    others = [*files, *_debian()]
    bom.components.update(others)
    bom.register_dependency(station, [*(python[one][1] for one in sorted(direct)), *others])
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2) + "\n"
