"""One person with python-socketio: everything received is kept in order, and every wait is bounded."""

import secrets
import socket
import threading

import engineio.payload
import socketio

WAIT_SECONDS = 10
# As shipped, this client gives a connection up that polls and is told more than sixteen things at once.
engineio.payload.Payload.max_decode_packets = 256


class Person:
    """Somebody who leaves when the test ends; whoever shows the same `guest` secret again is the same person."""

    def __init__(self, test, guest=None):
        self.guest = guest or secrets.token_hex(24)
        self.log = []
        self._taken = set()
        self._changed = threading.Condition()
        self._client = socketio.Client(reconnection=False)
        self._client.on("*", self._heard)
        self._client.on("connect_error", lambda refusal: self._heard("connect_error", refusal))
        test.addCleanup(self._client.disconnect)

    def connect(self, url, auth=None, transports=("websocket",)):
        """Comes in, or raises."""
        credentials = auth if auth is not None else {"guest": self.guest}
        self._client.connect(url, auth=credentials, transports=list(transports), wait_timeout=WAIT_SECONDS)
        return self

    def _heard(self, event, *arguments):
        with self._changed:
            self.log.append((event, arguments))
            self._changed.notify_all()

    def welcomed(self):
        """Waits for the first notice, which tells who this is."""
        self.id = self.next("session:welcome")["userId"]
        return self

    def next(self, event, where=lambda argument: True):
        """The first argument of the first event of that name, and shape, that was not taken yet."""

        def find():
            for place, (name, arguments) in enumerate(self.log):
                argument = arguments[0] if arguments else None
                if name == event and place not in self._taken and where(argument):
                    return place
            return None

        with self._changed:
            if not self._changed.wait_for(lambda: find() is not None, WAIT_SECONDS):
                raise AssertionError(f"no {event}; received: {self.names()}")
            place = find()
            self._taken.add(place)
            return self.log[place][1][0] if self.log[place][1] else None

    def names(self):
        """Every event received so far."""
        return [name for name, _ in self.log]

    def all(self, event):
        """The first arguments of all events of that name so far."""
        return [arguments[0] if arguments else None for name, arguments in self.log if name == event]

    def say(self, event, argument=None):
        """Sends, and waits for nothing. `None` sends no argument, a tuple several."""
        self._client.emit(event, argument)

    def ask(self, event, argument=None):
        """The acknowledgement."""
        return self._client.call(event, argument, timeout=WAIT_SECONDS)

    def drop(self):
        """Loses the connection, as a phone in a tunnel does."""
        self._client.eio.ws.sock.shutdown(socket.SHUT_RDWR)
