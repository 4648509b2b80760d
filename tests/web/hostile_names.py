"""Names that would be code if a page did not escape them, each for another place in a page."""

from __future__ import annotations

HOSTILE_NAMES = (
    "<img src=x onerror=alert(1)>",
    "</title><script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "' autofocus onfocus=alert(1) x='",
    "</script><script>alert(1)//",
    "javascript:alert(1)//<a href=javascript:alert(1)>x",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "--><details open ontoggle=alert(1)>",
    "</textarea></select></style><script>alert(1)</script>",
    "{{constructor.constructor('alert(1)')()}}",
)
"""At most 60 letters, as names are."""
