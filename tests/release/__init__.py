"""Everything in a release besides the program: its parts and their licences, the SBOM, archives and checksums."""
