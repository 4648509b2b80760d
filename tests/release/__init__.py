"""Everything in a release besides the program: the list of its parts, their licences, the SBOM, archives and checksums."""
