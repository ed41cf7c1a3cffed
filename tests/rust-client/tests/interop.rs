//! Two people meet and talk with `rust_socketio`, a client that nobody here wrote.
//!
//! Its limits, worked around in `support`: it does not wait for the server to let it in before it sends, it
//! draws the numbers of acknowledgements at random (0 to 998, so that two at a time might share one), and it
//! has no event without arguments. What it cannot do at all is left to the official client (tests/clients).

mod support;

use rust_socketio::TransportType;
use serde_json::{Value, json};

use support::server::Server;
use support::user::User;

const CANDIDATES: usize = 20;

#[tokio::test]
async fn two_people_meet_and_talk_over_websocket() {
    meet_and_talk(TransportType::Websocket).await;
}

#[tokio::test]
async fn two_people_meet_and_talk_over_polling() {
    meet_and_talk(TransportType::Polling).await;
}

#[tokio::test]
async fn two_people_meet_and_talk_over_polling_then_websocket() {
    meet_and_talk(TransportType::WebsocketUpgrade).await;
}

async fn meet_and_talk(transport: TransportType) {
    let server = Server::start();
    let mut ada = User::connect(&server, transport.clone()).await;
    let mut ben = User::connect(&server, transport).await;

    let session = agree(&mut ada, &mut ben).await;
    signal(&session, &mut ada, &mut ben).await;
    chat(&session, &mut ada, &mut ben).await;

    ada.leave().await;
    ben.leave().await;
    server.stop();
}

/// From two wishes to a session that both agreed to.
async fn agree(ada: &mut User, ben: &mut User) -> Value {
    let first = ada.ask("matching:join_queue", wish("en", "es")).await;
    assert_eq!((&first["success"], &first["queuePosition"]), (&json!(true), &json!(1)), "{first}");
    let second = ben.ask("matching:join_queue", wish("es", "en")).await;
    assert_eq!((&second["success"], &second["queuePosition"]), (&json!(true), &json!(0)), "{second}");

    let for_ada = ada.next("matching:match_found").await;
    let for_ben = ben.next("matching:match_found").await;
    assert_eq!(for_ada["partnerId"], ben.id);
    assert_eq!(for_ben["partnerId"], ada.id);
    assert_eq!(for_ada["matchId"], for_ben["matchId"]);
    assert_eq!(for_ada["sessionId"], for_ben["sessionId"]);

    let (id, session) = (&for_ada["matchId"], &for_ada["sessionId"]);
    let yes = json!({ "matchId": id, "sessionId": session });
    assert_eq!(ada.ask("matching:accept_match", yes.clone()).await, json!({ "success": true }));
    let told = ben.next("matching:match_accepted").await;
    assert_eq!(told, json!({ "matchId": id, "sessionId": session, "acceptedBy": ada.id }));
    assert_eq!(ben.ask("matching:accept_match", yes).await, json!({ "success": true }));
    for user in [ada, ben] {
        let ready = user.next("matching:match_ready").await;
        assert_eq!((&ready["matchId"], &ready["sessionId"]), (id, session));
    }
    session.clone()
}

/// An offer and its candidates: each arrives once, in order, and says from whom.
async fn signal(session: &Value, from: &mut User, to: &mut User) {
    let offer = json!({ "type": "offer", "sdp": format!("v=0\r\n{}", "a=x\r\n".repeat(200)) });
    from.emit("webrtc:offer", json!({ "sessionId": session, "offer": offer })).await;
    for number in 0..CANDIDATES {
        let payload = json!({ "sessionId": session, "candidate": candidate(number) });
        from.emit("webrtc:ice_candidate", payload).await;
    }
    // Comes after all of them, so nothing is on its way any more.
    from.emit("webrtc:connection_ready", json!({ "sessionId": session })).await;
    let relayed = to.until("webrtc:connection_ready").await;

    let mut expected =
        vec![("webrtc:offer".to_owned(), json!({ "sessionId": session, "offer": offer, "from": from.id }))];
    expected.extend((0..CANDIDATES).map(|number| {
        let payload = json!({ "sessionId": session, "candidate": candidate(number), "from": from.id });
        ("webrtc:ice_candidate".to_owned(), payload)
    }));
    expected.push(("webrtc:connection_ready".to_owned(), json!({ "sessionId": session, "from": from.id })));
    assert_eq!(relayed, expected);
}

/// Both write; both sides know the same numbers.
async fn chat(session: &Value, ada: &mut User, ben: &mut User) {
    let hello = json!({ "sessionId": session, "content": "hola 🙂", "clientMessageId": "m-1" });
    let sent = ada.ask("chat:send", hello).await;
    assert_eq!((&sent["success"], &sent["sequence"]), (&json!(true), &json!(1)), "{sent}");
    let received = ben.next("chat:message").await;
    assert_eq!(
        [&received["sessionId"], &received["from"], &received["content"], &received["sequence"]],
        [session, &ada.id, &json!("hola 🙂"), &json!(1)],
    );

    let answer = ben.ask("chat:send", json!({ "sessionId": session, "content": "hello" })).await;
    assert_eq!((&answer["success"], &answer["sequence"]), (&json!(true), &json!(2)), "{answer}");
    let received = ada.next("chat:message").await;
    assert_eq!((&received["from"], &received["content"]), (&ben.id, &json!("hello")));
}

fn wish(native: &str, target: &str) -> Value {
    json!({
        "native_language": native,
        "target_language": target,
        "age": 25,
        "gender": "female",
        "proficiency_level": "intermediate",
    })
}

fn candidate(number: usize) -> Value {
    json!({ "candidate": format!("candidate:{number} 1 udp 2122260223 192.0.2.1 50000 typ host"), "sdpMid": "0" })
}
