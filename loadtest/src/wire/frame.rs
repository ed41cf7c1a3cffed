//! WebSocket frames: short ones written, any number of them read out of whatever bytes have come.

/// Longer frames are no server's of ours.
const LONGEST_BYTES: usize = 1 << 20;

/// A frame of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A text, whole.
    Text(&'a str),
    /// Asks for the same bytes back.
    Ping(&'a [u8]),
    /// The end.
    Close,
    /// Something else, which these clients do not read.
    Other,
}

/// Bytes that no client can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongFrame;

/// The frames at the front of some bytes.
#[derive(Clone, Copy, Debug)]
pub struct Frames<'a> {
    bytes: &'a [u8],
    read: usize,
}

impl<'a> Frames<'a> {
    /// Of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, read: 0 }
    }

    /// Bytes of the frames read so far; what is behind them is incomplete.
    pub const fn read(&self) -> usize {
        self.read
    }

    /// The next whole frame.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'a>>, WrongFrame> {
        let rest = &self.bytes[self.read..];
        let &[head, length, ..] = rest else { return Ok(None) };
        let (length, begins) = match length {
            0..126 => (usize::from(length), 2),
            126 => {
                let Some(&[_, _, high, low]) = rest.first_chunk() else { return Ok(None) };
                (usize::from(u16::from_be_bytes([high, low])), 4)
            }
            127 => {
                let Some(&[_, _, ref long @ ..]) = rest.first_chunk::<10>() else { return Ok(None) };
                (usize::try_from(u64::from_be_bytes(*long)).map_err(|_| WrongFrame)?, 10)
            }
            // A server does not mask.
            128.. => return Err(WrongFrame),
        };
        if length > LONGEST_BYTES {
            return Err(WrongFrame);
        }
        let Some(payload) = rest.get(begins..begins + length) else { return Ok(None) };
        self.read += begins + length;
        Ok(Some(match head {
            0x81 => Frame::Text(std::str::from_utf8(payload).map_err(|_| WrongFrame)?),
            0x88 => Frame::Close,
            0x89 => Frame::Ping(payload),
            0x82 | 0x8A => Frame::Other,
            // In pieces: no server here sends any so.
            _ => return Err(WrongFrame),
        }))
    }
}

/// Appends a text frame. A mask of zeros is a mask.
#[expect(clippy::cast_possible_truncation, reason = "each within its arm's bounds")]
pub fn text_frame(text: &str, into: &mut Vec<u8>) {
    into.push(0x81);
    match text.len() {
        length @ ..126 => into.push(0x80 | length as u8),
        length @ 126..=0xFFFF => {
            into.push(0xFE);
            into.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            into.push(0xFF);
            into.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    into.extend_from_slice(&[0; 4]);
    into.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame as a server writes it: the client's without its mask.
    fn of_server(text: &str) -> Vec<u8> {
        let mut written = Vec::new();
        text_frame(text, &mut written);
        let mask = written.len() - text.len() - 4;
        written.drain(mask..mask + 4);
        written[1] &= 0x7F;
        written
    }

    #[test]
    fn frames_of_every_length_are_read_as_they_were_written() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 100_000] {
            let text = "x".repeat(length);
            let mut bytes = of_server(&text);
            bytes.extend(of_server("next"));
            let mut frames = Frames::new(&bytes);
            assert_eq!(frames.next_frame(), Ok(Some(Frame::Text(&text))), "{length}");
            assert_eq!(frames.next_frame(), Ok(Some(Frame::Text("next"))));
            assert_eq!(frames.next_frame(), Ok(None));
            assert_eq!(frames.read(), bytes.len());
        }
    }

    #[test]
    fn what_is_cut_off_waits_for_the_rest() {
        let bytes = of_server(&"x".repeat(300));
        for cut in 0..bytes.len() {
            let mut frames = Frames::new(&bytes[..cut]);
            assert_eq!(frames.next_frame(), Ok(None), "{cut}");
            assert_eq!(frames.read(), 0);
        }
    }

    #[test]
    fn what_no_server_sends_is_wrong() {
        for bytes in [
            &[0x81, 0x81, 0, 0, 0, 0, 0][..],
            &[0x01, 1, 65],
            &[0x81, 1, 0xFF],
            &[0x81, 127, 1, 0, 0, 0, 0, 0, 0, 0],
        ] {
            assert_eq!(Frames::new(bytes).next_frame(), Err(WrongFrame), "{bytes:?}");
        }
    }
}
