"""A small SOCKS5 server on loopback, as Tor's is, that keeps a list of the names it was asked for.

It takes any name and password, by which Tor parts circuits.

Source: RFC 1928, RFC 1929.
"""

import contextlib
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

NAME, ADDRESS = 3, 1
SUCCEEDED, UNREACHABLE = 0, 4


@dataclass
class Socks:
    """Leads every known name to a port of this machine."""

    port: int
    names: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[int, str]] = field(default_factory=list)
    circuits: list[tuple[bytes, bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"socks5h://127.0.0.1:{self.port}"


class _Handler(socketserver.StreamRequestHandler):
    socks: Socks

    def handle(self) -> None:
        with contextlib.suppress(OSError, struct.error):
            _, methods = self.rfile.read(2)
            if self.rfile.read(methods) == b"\x02":
                self.wfile.write(b"\x05\x02")
                self.socks.circuits.append(self._credentials())
                self.wfile.write(b"\x01\x00")
            else:
                self.wfile.write(b"\x05\x00")
            _, _, _, kind = self.rfile.read(4)
            name = self._name(kind)
            self.rfile.read(2)
            self.socks.asked.append((kind, name))
            port = self.socks.names.get(name)
            status = UNREACHABLE if port is None else SUCCEEDED
            self.wfile.write(bytes([5, status, 0, ADDRESS]) + bytes(6))
            if port is not None:
                self._relay(port)

    def _credentials(self) -> tuple[bytes, bytes]:
        self.rfile.read(1)
        name, password = (self.rfile.read(self.rfile.read(1)[0]) for _ in range(2))
        return name, password

    def _name(self, kind: int) -> str:
        if kind == NAME:
            return self.rfile.read(self.rfile.read(1)[0]).decode()
        return socket.inet_ntoa(self.rfile.read(4))

    def _relay(self, port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as there:
            back = threading.Thread(target=_pour, args=(there, self.request))
            back.start()
            _pour(self.request, there)
            back.join()


def _pour(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def socks_server() -> Iterator[Socks]:
    """Be Tor's SOCKS port until the block ends."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        socks = Socks(server.server_address[1])
        server.RequestHandlerClass = type("Handler", (_Handler,), {"socks": socks})
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield socks
        finally:
            server.shutdown()
            thread.join()
