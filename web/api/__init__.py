"""The API under `/api/v1`: JSON for programs, with tokens, and the OpenAPI document generated from it."""
