"""The API under `/api/v1`: JSON for programs, with tokens, and the OpenAPI document that is made from it."""
