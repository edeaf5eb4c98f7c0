"""A certificate of nobody's, for servers that a test starts."""

import ssl
import subprocess
from pathlib import Path


def server_context(folder: Path) -> ssl.SSLContext:
    """Make a self-signed certificate for 127.0.0.1, `certificate.pem` in the folder, and a server's context with it."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    kind = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    subject = "-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    command = ["openssl", *kind.split(), *subject.split(), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
