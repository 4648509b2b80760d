"""What a release has besides the program: the list of its parts, their licences, the SBOM, archives and checksums."""
