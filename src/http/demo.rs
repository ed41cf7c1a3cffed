//! The demo page: files in the binary, no network needed.

use std::hash::{DefaultHasher, Hasher};
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// What the page may do: its own files, this server, the camera's picture.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; connect-src 'self' ws: wss:; \
     media-src 'self' blob:; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

struct File {
    name: &'static str,
    content_type: &'static str,
    content: &'static [u8],
    tag: HeaderValue,
}

impl File {
    fn new(name: &'static str, content_type: &'static str, content: &'static [u8]) -> Self {
        Self { name, content_type, content, tag: tag(content) }
    }
}

macro_rules! files {
    ($($name:literal as $content_type:ident,)*) => {
        LazyLock::new(|| vec![$(File::new($name, $content_type, include_bytes!(concat!("demo/", $name))),)*])
    };
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const PICTURE: &str = "image/svg+xml";
const TEXT: &str = "text/plain; charset=utf-8";

const INDEX: &str = "index.html";

static FILES: LazyLock<Vec<File>> = files! {
    "index.html" as HTML,
    "style.css" as STYLE,
    "talk.css" as STYLE,
    "icon.svg" as PICTURE,
    "app.js" as SCRIPT,
    "call.js" as SCRIPT,
    "chat.js" as SCRIPT,
    "connection.js" as SCRIPT,
    "events-footer.js" as SCRIPT,
    "identity.js" as SCRIPT,
    "kept.js" as SCRIPT,
    "languages.js" as SCRIPT,
    "media.js" as SCRIPT,
    "picture.js" as SCRIPT,
    "quality.js" as SCRIPT,
    "session.js" as SCRIPT,
    "stages.js" as SCRIPT,
    "talk.js" as SCRIPT,
    "view.js" as SCRIPT,
    "wishes.js" as SCRIPT,
    "words.js" as SCRIPT,
    "vendor/socket.io.esm.min.js" as SCRIPT,
    "vendor/LICENSE" as TEXT,
};

/// `/` and what it needs.
pub(super) fn routes() -> Router {
    Router::new().route("/", get(|headers: HeaderMap| async move { serve(INDEX, &headers) })).route(
        "/demo/{*name}",
        get(|Path(name): Path<String>, headers| async move { serve(&name, &headers) }),
    )
}

/// The same for the same content on every node and after every restart: this hasher has no random start.
fn tag(content: &[u8]) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    hasher.write(content);
    HeaderValue::from_str(&format!("\"{:016x}\"", hasher.finish())).expect("quotes and hex digits")
}

fn serve(name: &str, request: &HeaderMap) -> Response {
    let Some(file) = FILES.iter().find(|file| file.name == name) else {
        return (StatusCode::NOT_FOUND, "no such file\n").into_response();
    };
    // Always asked again, so that a new build is seen at once; what did not change costs one small answer.
    let fresh = request.get(header::IF_NONE_MATCH) == Some(&file.tag);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(file.content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::ETAG, file.tag.clone()),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
        (
            HeaderName::from_static("permissions-policy"),
            HeaderValue::from_static("camera=(self), microphone=(self)"),
        ),
    ];
    if fresh {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, file.content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_served_and_every_served_file_is_there() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/demo");
        let mut found = Vec::new();
        for (prefix, path) in [("", folder.to_owned()), ("vendor/", format!("{folder}/vendor"))] {
            for entry in std::fs::read_dir(path).expect("the folder is there") {
                let entry = entry.expect("the folder can be read");
                let name = entry.file_name().into_string().expect("a plain name");
                if entry.path().is_file() && !name.starts_with("README") {
                    found.push(format!("{prefix}{name}"));
                }
            }
        }
        let mut served: Vec<_> = FILES.iter().map(|file| file.name.to_owned()).collect();
        found.sort();
        served.sort();
        assert_eq!(served, found);
    }

    /// What `name` answers to somebody who has the content of `tag` already.
    fn asked_again(name: &str, tag: &HeaderValue) -> StatusCode {
        let request = HeaderMap::from_iter([(header::IF_NONE_MATCH, tag.clone())]);
        serve(name, &request).status()
    }

    #[test]
    fn a_file_is_sent_again_exactly_when_its_content_is_another() {
        assert_eq!(tag(b"one build"), tag(b"one build"));
        assert_ne!(tag(b"one build"), tag(b"another"));
        for file in &*FILES {
            let first = serve(file.name, &HeaderMap::new());
            assert_eq!(first.status(), StatusCode::OK);
            assert_eq!(first.headers()[header::ETAG], tag(file.content), "{}", file.name);
            assert_eq!(asked_again(file.name, &tag(file.content)), StatusCode::NOT_MODIFIED, "{}", file.name);
            assert_eq!(asked_again(file.name, &tag(b"an older build")), StatusCode::OK, "{}", file.name);
        }
        let version = HeaderValue::from_static(concat!("\"", env!("CARGO_PKG_VERSION"), "\""));
        assert_eq!(asked_again(INDEX, &version), StatusCode::OK);
    }
}
