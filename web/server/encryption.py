"""The page's https certificate."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from station.app.api import PageError
from station.config import PageConfig
from station.network import PAGE_FILE


def certificate_file(page: PageConfig) -> Path | None:
    """The file with the page's certificate and key: configured, or made by `station tls`; `None` for neither."""
    if page.certificate:
        return Path(page.certificate)
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    handed_over = Path(credentials, PAGE_FILE) if credentials else None
    return handed_over if handed_over is not None and handed_over.exists() else None


def server_context(file: Path) -> ssl.SSLContext:
    """The TLS settings of a server with this certificate: TLS 1.2 or newer. Raises PageError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(file)
    except ssl.SSLError as error:
        raise PageError(
            f"The certificate in {file} cannot be used ({error.reason}): it needs a certificate and its key (PEM)."
        ) from error
    except OSError as error:
        raise PageError(f"The certificate in {file} cannot be read ({error.strerror}).") from error
    return context
