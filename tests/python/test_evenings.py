"""A whole evening in two dialects with a second independent client: connect, search, match, signal or chat, lose the
connection in the middle, skip, leave, and what is refused. Against one node that keeps everything itself, and against
two nodes that share a Redis, where who comes, or comes back, is on the other node."""

import itertools
import json
import time
import unittest
import urllib.request

import socketio.exceptions
from person import Person
from servers import NO_LIMITS, Redis, Server

GREETING = "You are now chatting with a stranger. Say hi!"


class OneNode:
    """The store is inside the node."""

    @classmethod
    def setUpClass(cls):
        node = Server(*cls.FLAGS)
        cls.addClassCleanup(node.stop)
        cls.urls = [node.url]
        cls.doors = itertools.cycle(cls.urls)


class TwoNodes:
    """The store is a Redis."""

    @classmethod
    def setUpClass(cls):
        redis = Redis()
        cls.addClassCleanup(redis.stop)
        nodes = []
        for _ in range(2):
            node = Server("--redis-url", redis.url, *cls.FLAGS)
            cls.addClassCleanup(node.stop)
            nodes.append(node)
        cls.urls = [node.url for node in nodes]
        cls.doors = itertools.cycle(cls.urls)


class Evening:
    """What both dialects need."""

    def come(self, guest=None, **options):
        return Person(self, guest).connect(next(self.doors), **options).welcomed()


class Qala(Evening):
    FLAGS = NO_LIMITS

    @staticmethod
    def wish(native, target, **more):
        wish = {"native_language": native, "target_language": target, "age": 25, "gender": "female"}
        return wish | {"proficiency_level": "intermediate"} | more

    def search(self, person, native, target):
        answer = person.ask("matching:join_queue", self.wish(native, target))
        self.assertEqual(answer["success"], True, answer)

    def matched(self, one, other):
        found = [person.next("matching:match_found") for person in (one, other)]
        self.assertEqual(found[0]["matchId"], found[1]["matchId"])
        self.assertEqual([match["partnerId"] for match in found], [other.id, one.id])
        return {key: found[0][key] for key in ("matchId", "sessionId")}

    def talk(self, native, target, **options):
        one, other = self.come(**options), self.come()
        self.search(one, native, target)
        self.search(other, target, native)
        match = self.matched(one, other)
        for person in (one, other):
            self.assertEqual(person.ask("matching:accept_match", match), {"success": True})
        for person in (one, other):
            self.assertEqual(person.next("matching:match_ready")["sessionId"], match["sessionId"])
        return one, other, match["sessionId"]

    def test_search_match_signal_chat_and_leave(self):
        for transports in (["websocket"], ["polling"], ["polling", "websocket"]):
            with self.subTest(transports=transports):
                one, other, session = self.talk("en", "es", transports=transports)
                one.say("webrtc:offer", {"sessionId": session, "offer": {"type": "offer", "sdp": "v=0"}})
                heard = other.next("webrtc:offer")
                self.assertEqual(heard, {"sessionId": session, "offer": {"type": "offer", "sdp": "v=0"}, "from": one.id})
                other.say("webrtc:answer", {"sessionId": session, "answer": {"type": "answer", "sdp": "v=0"}})
                self.assertEqual(one.next("webrtc:answer")["from"], other.id)
                for number in range(20):
                    one.say("webrtc:ice_candidate", {"sessionId": session, "candidate": {"candidate": str(number)}})
                candidates = [other.next("webrtc:ice_candidate")["candidate"]["candidate"] for _ in range(20)]
                self.assertEqual(candidates, [str(number) for number in range(20)])
                for number, text in enumerate(("hi", "¿qué tal? 🙂"), start=1):
                    sent = one.ask("chat:send", {"sessionId": session, "content": text})
                    self.assertEqual(sent, {"success": True, "sequence": number})
                    self.assertEqual(other.next("chat:message")["content"], text)
                kept = other.ask("chat:sync", {"sessionId": session, "after": 1})
                self.assertEqual([message["content"] for message in kept["messages"]], ["¿qué tal? 🙂"])
                self.assertEqual(one.ask("session:leave", {"sessionId": session}), {"success": True})
                self.assertEqual(other.next("session:peer_left")["sessionId"], session)

    def test_back_in_the_middle_with_what_was_missed(self):
        one, other, session = self.talk("de", "fr")
        other.drop()
        one.next("session:peer_away")
        for text in ("1", "2", "3"):
            self.assertEqual(one.ask("chat:send", {"sessionId": session, "content": text})["success"], True)
        back = self.come(guest=other.guest)
        self.assertEqual(back.id, other.id)
        resumed = back.next("session:resumed")
        self.assertEqual((resumed["state"], resumed["sessionId"]), ("talking", session))
        self.assertEqual([back.next("chat:message")["content"] for _ in range(3)], ["1", "2", "3"])
        one.next("session:peer_back")
        self.assertEqual(back.ask("chat:send", {"sessionId": session, "content": "back"})["success"], True)
        one.next("chat:message", where=lambda message: message["content"] == "back")
        self.assertEqual(back.ask("session:leave", {"sessionId": session}), {"success": True})
        self.assertEqual(one.next("session:peer_left")["sessionId"], session)

    def test_a_rejected_match_and_somebody_else_after_it(self):
        one, other = self.come(), self.come()
        self.search(one, "it", "pt")
        self.search(other, "pt", "it")
        match = self.matched(one, other)
        self.assertEqual(other.ask("matching:reject_match", {"matchId": match["matchId"]}), {"success": True})
        self.assertEqual(one.next("matching:match_rejected")["reason"], "rejected")
        third = self.come()
        self.search(third, "pt", "it")
        self.matched(one, third)
        self.assertEqual(other.ask("matching:leave_queue"), {"success": True})
        late = other.ask("matching:accept_match", match)
        self.assertEqual((late["success"], late["error"]), (False, "Match no longer available."))

    def test_what_is_refused(self):
        person = self.come()
        for event, argument, code in (
            ("matching:join_queue", None, "invalid"),
            ("matching:join_queue", self.wish("en", "es", age=5), "invalid"),
            ("matching:join_queue", b"bytes", "invalid"),
            ("chat:send", {"sessionId": "a0000000-0000-4000-8000-000000000000", "content": "hi"}, "not_in_session"),
            ("nonsense", ("several", {"arguments": 1}, None), "unknown_event"),
        ):
            answer = person.ask(event, argument)
            self.assertEqual((answer["success"], answer["code"]), (False, code), (event, argument))
        self.assertIn("timestamp", person.ask("heartbeat"))
        self.assertEqual(person.names(), ["session:welcome"])


class Animochat(Evening):
    FLAGS = ["--dialects", "animochat", *NO_LIMITS]

    def search(self, person):
        person.say("find-match")
        self.assertIsNone(person.next("waiting"))

    def matched(self, one, other):
        found = [person.next("matched") for person in (one, other)]
        self.assertEqual(found[0]["roomId"], found[1]["roomId"])
        self.assertEqual([match["partnerId"] for match in found], [other.id, one.id])
        for person in (one, other):
            greeting = person.next("message")
            self.assertEqual((greeting["content"], greeting["type"]), (GREETING, "system"))
        return found[0]["roomId"]

    def talk(self, **options):
        one, other = self.come(**options), self.come()
        self.search(one)
        self.search(other)
        return one, other, self.matched(one, other)

    def connections(self):
        pages = [urllib.request.urlopen(f"{url}/health", timeout=5).read() for url in self.urls]
        return sum(json.loads(page)["connections"] for page in pages)

    def hear(self, person, text):
        self.assertEqual(person.next("message")["content"], text)

    def test_search_match_chat_and_leave(self):
        for transports in (["websocket"], ["polling"], ["polling", "websocket"]):
            with self.subTest(transports=transports):
                one, other, room = self.talk(transports=transports)
                one.say("send-message", "  hi 🙂 ")
                heard = [person.next("message") for person in (one, other)]
                self.assertEqual(heard[0], heard[1])
                self.assertEqual((heard[0]["roomId"], heard[0]["senderId"]), (room, one.id))
                self.assertEqual(heard[0]["content"], "hi 🙂")
                for on in (True, False):
                    other.say("typing", on)
                    self.assertEqual(one.next("partner-typing"), {"isTyping": on})
                for number in range(20):
                    other.say("send-message", str(number))
                for person in (one, other):
                    for number in range(20):
                        self.hear(person, str(number))
                one.say("leave-room")
                self.assertIsNone(other.next("partner-disconnected"))

    def test_back_in_the_middle_with_what_was_missed(self):
        one, other, room = self.talk()
        before = self.connections()
        other.drop()
        # What is said before the node has seen the end goes to a connection that is gone.
        while self.connections() >= before:
            time.sleep(0.01)
        for text in ("1", "2", "3"):
            one.say("send-message", text)
            self.hear(one, text)
        back = self.come(guest=other.guest)
        self.assertEqual(back.id, other.id)
        resumed = back.next("session:resumed")
        self.assertEqual(resumed, {"state": "talking", "roomId": room, "partnerId": one.id})
        missed = [back.next("message", where=lambda m: m["type"] == "text")["content"] for _ in range(3)]
        self.assertEqual(missed, ["1", "2", "3"])
        back.say("send-message", "back")
        self.hear(one, "back")
        self.assertEqual(one.all("partner-disconnected"), [])
        back.say("leave-room")
        one.next("partner-disconnected")

    def test_skip_and_somebody_else_after_it(self):
        one, other, _ = self.talk()
        one.say("next-match")
        other.next("partner-disconnected")
        one.next("waiting")
        one.say("find-match")
        self.assertRegex(one.next("error")["message"], r"^Please wait [1-5]s before finding a new match$")
        self.search(other)
        third = self.come()
        self.search(third)
        self.matched(other, third)
        third.say("leave-room")
        other.next("partner-disconnected")
        one.say("cancel-match")
        one.next("match-cancelled")

    def test_what_is_refused(self):
        one, other, _ = self.talk()
        for argument, message in (
            (None, "Message cannot be empty"),
            (5, "Message cannot be empty"),
            ("x" * 1_001, "Message too long"),
            (b"bytes", "Attachments are not accepted"),
        ):
            one.say("send-message", argument)
            self.assertEqual(one.next("error")["message"], message)
        one.say("find-match")
        self.assertEqual(one.next("error")["message"], "Already in a room")
        one.say("leave-room")
        other.next("partner-disconnected")
        other.say("send-message", "anyone?")
        self.assertEqual(other.next("error")["message"], "Not in a chat room")
        self.assertEqual(one.ask("nonsense", ("several", {"arguments": 1}))["code"], "unknown_event")
        self.assertEqual([message["type"] for message in other.all("message")], ["system"])


class QalaOnOneNode(Qala, OneNode, unittest.TestCase):
    pass


class QalaOnTwoNodes(Qala, TwoNodes, unittest.TestCase):
    pass


class AnimochatOnOneNode(Animochat, OneNode, unittest.TestCase):
    pass


class AnimochatOnTwoNodes(Animochat, TwoNodes, unittest.TestCase):
    pass


class Refused(unittest.TestCase):
    def test_without_a_token_the_refusal_is_told(self):
        node = Server("--jwt-secret", "a secret of more than thirty-two characters")
        self.addCleanup(node.stop)
        for transports in (["websocket"], ["polling"]):
            with self.subTest(transports=transports):
                person = Person(self)
                with self.assertRaises(socketio.exceptions.ConnectionError):
                    person.connect(node.url, auth={}, transports=transports)
                self.assertEqual(person.next("connect_error")["message"], "Authentication required")


if __name__ == "__main__":
    unittest.main()
