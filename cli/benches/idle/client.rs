//! A Socket.IO client of one stream and a few hundred bytes: WebSocket frames by hand, because a library would
//! need more memory and time than the server it measures.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Longer than what an idle client is told.
const READ_BUFFER_BYTES: usize = 256;
const UPGRADE: &str = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\n\
    Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A guest on a WebSocket.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    pings: usize,
}

impl Client {
    /// Connects guest `number`, until it is let in.
    pub(crate) async fn connect(address: SocketAddr, number: u32) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut client = Self { stream: BufReader::with_capacity(READ_BUFFER_BYTES, stream), pings: 0 };
        client.upgrade().await?;
        client.until("0{").await?;
        client.send(&format!("40{{\"guest\":\"the secret of guest number {number:010}\"}}")).await?;
        client.until("40").await?;
        Ok(client)
    }

    /// The server pings for the first time right after connecting.
    pub(crate) async fn answer_first_ping(&mut self) -> io::Result<()> {
        while self.pings == 0 {
            self.receive().await?;
        }
        Ok(())
    }

    /// Answers pings until the connection ends, which is an error.
    pub(crate) async fn stay(&mut self) -> io::Result<()> {
        loop {
            self.receive().await?;
        }
    }

    async fn upgrade(&mut self) -> io::Result<()> {
        self.stream.get_mut().write_all(UPGRADE.as_bytes()).await?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        if head.starts_with("HTTP/1.1 101 ") { Ok(()) } else { Err(io::Error::other(head)) }
    }

    /// Receives until a packet begins with `prefix`.
    async fn until(&mut self, prefix: &str) -> io::Result<()> {
        loop {
            let packet = self.receive().await?;
            if packet.starts_with(prefix) {
                return Ok(());
            }
            // Refused, or told to leave.
            if packet.starts_with("44") || packet.starts_with("41") {
                return Err(io::Error::other(packet));
            }
        }
    }

    /// The next packet of the server; a ping is answered.
    async fn receive(&mut self) -> io::Result<String> {
        let [opcode, length] = [self.stream.read_u8().await?, self.stream.read_u8().await?];
        // What an idle client is told fits two bytes of length, in a text frame of its own.
        let length = match (opcode, length) {
            (0x81, 126) => self.stream.read_u16().await?,
            (0x81, short @ ..126) => u16::from(short),
            unexpected => return Err(io::Error::other(format!("a frame that begins with {unexpected:?}"))),
        };
        let mut packet = vec![0; usize::from(length)];
        self.stream.read_exact(&mut packet).await?;
        let packet = String::from_utf8(packet).map_err(io::Error::other)?;
        if packet == "2" {
            self.send("3").await?;
            self.pings += 1;
        }
        Ok(packet)
    }

    /// Sends a short text. A mask of zeros is a mask.
    async fn send(&mut self, text: &str) -> io::Result<()> {
        let length = u8::try_from(text.len()).ok().filter(|length| *length < 126);
        let length = length.ok_or_else(|| io::Error::other("too long for a short frame"))?;
        let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
        frame.extend_from_slice(text.as_bytes());
        self.stream.get_mut().write_all(&frame).await
    }
}
