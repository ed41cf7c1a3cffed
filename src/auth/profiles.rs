//! What a project knows of its users: rows of its table `users`, read through `PostgREST`.
//!
//! A row is kept for a while, for so many users and no more.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use super::Denied;
use crate::domain::id::UserId;
use crate::domain::person::Gender;
use crate::domain::time::Time;
use crate::outside::{Answer, Failed, GET, NotAUrl, Outside, Patience, Request};

/// Columns of the contract.
const COLUMNS: &str = "id,email,full_name,native_language,target_languages,age,gender,is_banned";
/// Ages that somebody may have.
const AGES: std::ops::RangeInclusive<u64> = 13..=120;
/// The longest answer that is read.
const LONGEST_ANSWER_BYTES: usize = 256 * 1024;
/// Rows asked for at once.
const ASKED_AT_ONCE: usize = 64;
/// How long one try may take.
const PATIENCE: Patience = Patience { within: Duration::from_secs(4), tries: 2 };
/// Rows that are kept: about twenty megabytes of them.
const MOST_KEPT: usize = 100_000;
/// What `PostgreSQL` says of a text that is no value of the column's type: nobody has such an id.
const NO_SUCH_VALUE: &str = "22P02";

/// What holds of a user in place of what its client says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Years; `None`: the row does not say.
    pub age: Option<u8>,
    /// As stated in the row; who states none there states none.
    pub gender: Option<Gender>,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    profile: Profile,
    banned: bool,
}

impl Profile {
    /// What the fields of a record say; `None` where its age is none that a user may have.
    pub(super) fn read(fields: &Map<String, Value>) -> Option<Self> {
        let age = match fields.get("age") {
            None | Some(Value::Null) => None,
            Some(age) => {
                Some(age.as_u64().filter(|age| AGES.contains(age)).and_then(|age| age.try_into().ok())?)
            }
        };
        let word = fields.get("gender").and_then(Value::as_str).unwrap_or_default();
        let gender = Gender::ALL.into_iter().find(|gender| gender.as_str().eq_ignore_ascii_case(word));
        Some(Self { age, gender })
    }
}

impl Row {
    /// The one row of an answer.
    fn read(body: &[u8]) -> Result<Result<Self, Denied>, Failed> {
        let rows: Vec<Map<String, Value>> = serde_json::from_slice(body).map_err(|_| Failed::Unavailable)?;
        let Some(fields) = rows.first() else { return Ok(Err(Denied::NoProfile)) };
        let banned = fields.get("is_banned") == Some(&Value::Bool(true));
        Ok(Profile::read(fields).map(|profile| Self { profile, banned }).ok_or(Denied::NoProfile))
    }

    fn allowed(self) -> Result<Profile, Denied> {
        if self.banned { Err(Denied::Suspended) } else { Ok(self.profile) }
    }
}

/// Looks rows up.
pub(super) struct Profiles {
    server: Outside,
    /// What shows that the server may read every row.
    key: Vec<(HeaderName, HeaderValue)>,
    lane: Semaphore,
    /// A lock, because handshakes of all threads share the rows; held for a look.
    kept: Mutex<Kept>,
    kept_for: Duration,
    /// While the server is away: what the client says holds, or the row that is known, instead of nobody coming in.
    claims_when_away: bool,
}

impl Profiles {
    /// Those of the project at `url`.
    pub(super) fn at(
        url: &str,
        key: Vec<(HeaderName, HeaderValue)>,
        kept_for: Duration,
        claims_when_away: bool,
    ) -> Result<Self, NotAUrl> {
        let server = Outside::with_paths(url, LONGEST_ANSWER_BYTES)?;
        let (lane, kept) = (Semaphore::new(ASKED_AT_ONCE), Mutex::default());
        Ok(Self { server, key, lane, kept, kept_for, claims_when_away })
    }

    /// What holds of `user` at `now`; `None`: what its client says.
    pub(super) async fn of(&self, user: &UserId, now: Time) -> Result<Option<Profile>, Denied> {
        if let Some(row) = self.kept().get(user, now) {
            return row.allowed().map(Some);
        }
        let answer = self.asked(user).await;
        let mut kept = self.kept();
        match answer {
            Ok(Ok(row)) => {
                kept.put(user.clone(), row, now + self.kept_for);
                row.allowed().map(Some)
            }
            Ok(Err(denied)) => {
                kept.forget(user);
                Err(denied)
            }
            Err(Failed::Refused | Failed::Unavailable) if self.claims_when_away => {
                kept.rows.get(user).map(|(row, _)| row.allowed()).transpose()
            }
            Err(Failed::Refused | Failed::Unavailable) => Err(Denied::Unavailable),
        }
    }

    /// The row has changed, as somebody says.
    pub(super) fn forget(&self, user: &UserId) {
        self.kept().forget(user);
    }

    async fn asked(&self, user: &UserId) -> Result<Result<Row, Denied>, Failed> {
        let path = format!("/rest/v1/users?id=eq.{}&select={COLUMNS}", escaped(user.as_str()));
        let request = Request { method: GET, path, headers: self.key.clone(), body: None };
        self.server.ask(&self.lane, &request, PATIENCE, read).await
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // A panic elsewhere leaves nothing half done here.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(Answer { status, body }: &Answer) -> Result<Result<Row, Denied>, Failed> {
    if status.is_success() {
        return Row::read(body);
    }
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = said.get("code").and_then(Value::as_str).unwrap_or_default();
    if *status == StatusCode::BAD_REQUEST && code == NO_SUCH_VALUE {
        return Ok(Err(Denied::NoProfile));
    }
    // The operator's fault, which shows at the first user: not the user's.
    tracing::warn!(%status, code, "profiles cannot be read: look at the service role key and the table `users`");
    Err(Failed::Refused)
}

/// A value of a query, in which a token's subject could otherwise ask for other rows.
fn escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// Rows by user, the oldest of which make way.
#[derive(Debug, Default)]
struct Kept {
    rows: HashMap<UserId, (Row, Time)>,
    /// In the order of their ends, which is that of their coming. Of a user that is named twice the later one counts.
    order: VecDeque<(UserId, Time)>,
}

impl Kept {
    fn get(&self, user: &UserId, now: Time) -> Option<Row> {
        self.rows.get(user).filter(|(_, until)| *until > now).map(|(row, _)| *row)
    }

    fn put(&mut self, user: UserId, row: Row, until: Time) {
        self.rows.insert(user.clone(), (row, until));
        self.order.push_back((user, until));
        while self.order.len() > MOST_KEPT {
            let Some((oldest, until)) = self.order.pop_front() else { return };
            if self.rows.get(&oldest).is_some_and(|(_, of_row)| *of_row == until) {
                self.rows.remove(&oldest);
            }
        }
    }

    fn forget(&mut self, user: &UserId) {
        self.rows.remove(user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: Row = Row { profile: Profile { age: Some(30), gender: Some(Gender::Female) }, banned: false };

    #[test]
    fn a_row_says_what_holds() {
        let row = |json: &str| Row::read(json.as_bytes());
        for (json, expected) in [
            (r#"[{"age":30,"gender":"female","is_banned":false}]"#, Ok(Ok(FREE))),
            (r#"[{"age":30,"gender":"Female","is_banned":null}]"#, Ok(Ok(FREE))),
            (r#"[{"age":30,"gender":"female","is_banned":true}]"#, Ok(Ok(Row { banned: true, ..FREE }))),
            (
                r#"[{"age":null,"gender":"other"}]"#,
                Ok(Ok(Row { profile: Profile { age: None, gender: None }, banned: false })),
            ),
            (r#"[{"age":12}]"#, Ok(Err(Denied::NoProfile))),
            (r#"[{"age":"30"}]"#, Ok(Err(Denied::NoProfile))),
            ("[]", Ok(Err(Denied::NoProfile))),
            ("{}", Err(Failed::Unavailable)),
            ("<html>", Err(Failed::Unavailable)),
        ] {
            assert_eq!(row(json), expected, "{json}");
        }
        assert_eq!(Row { banned: true, ..FREE }.allowed(), Err(Denied::Suspended));
    }

    #[test]
    fn an_id_that_the_column_cannot_hold_is_nobodys_and_all_else_the_operators_fault() {
        let answer = |status: u16, body: &str| {
            read(&Answer {
                status: StatusCode::from_u16(status).expect("a status"),
                body: body.to_owned().into(),
            })
        };
        assert_eq!(answer(400, r#"{"code":"22P02"}"#), Ok(Err(Denied::NoProfile)));
        assert_eq!(answer(400, r#"{"code":"42703"}"#), Err(Failed::Refused));
        assert_eq!(answer(401, r#"{"message":"JWSError"}"#), Err(Failed::Refused));
        assert_eq!(answer(404, ""), Err(Failed::Refused));
    }

    #[test]
    fn a_subject_cannot_ask_for_other_rows() {
        assert_eq!(escaped("b5c1-9_x"), "b5c1-9_x");
        assert_eq!(escaped("x&or=(a.eq.1)#%é"), "x%26or%3D%28a%2Eeq%2E1%29%23%25%C3%A9");
    }

    #[test]
    fn rows_are_kept_for_their_time_and_no_more_of_them_than_there_is_room_for() {
        let mut kept = Kept::default();
        let (ana, at) = (UserId::new("ana"), Time::from_ms);
        kept.put(ana.clone(), FREE, at(10));
        assert_eq!(kept.get(&ana, at(9)), Some(FREE));
        assert_eq!(kept.get(&ana, at(10)), None);
        // Known anew: what goes with its first time does not take it along.
        kept.put(ana.clone(), FREE, at(20));
        for number in 1..MOST_KEPT {
            kept.put(UserId::new(format!("u{number}")), FREE, at(30));
        }
        assert_eq!((kept.rows.len(), kept.order.len()), (MOST_KEPT, MOST_KEPT));
        assert_eq!(kept.get(&ana, at(19)), Some(FREE));
        kept.put(UserId::new("last"), FREE, at(40));
        assert_eq!(kept.get(&ana, at(19)), None);
        kept.forget(&UserId::new("last"));
        assert_eq!(kept.get(&UserId::new("last"), at(0)), None);
    }
}
