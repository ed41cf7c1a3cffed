//! Waking up on time. The poll counts in milliseconds, which would be part of every latency; on Linux a timer of the
//! kernel's wakes it to the microsecond.

#[cfg(target_os = "linux")]
mod precise {
    use std::io;
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::time::Duration;

    use mio::unix::SourceFd;
    use mio::{Interest, Poll, Token};
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };

    /// In case the alarm does not ring.
    const LATEST: Duration = Duration::from_secs(1);
    /// Shorter than the kernel can tell apart: zero would mean never.
    const SHORTEST: Duration = Duration::from_micros(1);

    /// The alarm.
    pub(crate) struct Alarm(OwnedFd);

    impl Alarm {
        pub(crate) fn new(poll: &Poll, token: Token) -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let fd = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            poll.registry().register(&mut SourceFd(&fd.as_raw_fd()), token, Interest::READABLE)?;
            Ok(Self(fd))
        }

        /// Rings after `span`. How long the poll may sleep.
        pub(crate) fn set(&self, span: Duration) -> Duration {
            if span.is_zero() {
                return span;
            }
            let span = span.max(SHORTEST);
            let never = Timespec { tv_sec: 0, tv_nsec: 0 };
            let once = Timespec {
                tv_sec: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: i64::from(span.subsec_nanos()),
            };
            let time = Itimerspec { it_interval: never, it_value: once };
            match timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &time) {
                Ok(_) => LATEST,
                Err(_) => span,
            }
        }

        /// It rang. Setting it again is enough to hear it again.
        #[expect(clippy::unused_self, reason = "the alarm's, on every system")]
        pub(crate) const fn heard(&self) {}
    }
}

#[cfg(not(target_os = "linux"))]
mod precise {
    use std::io;
    use std::time::Duration;

    use mio::{Poll, Token};

    /// The poll's own timeout.
    pub(crate) struct Alarm;

    impl Alarm {
        pub(crate) fn new(_poll: &Poll, _token: Token) -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) fn set(&self, span: Duration) -> Duration {
            span
        }

        pub(crate) fn heard(&self) {}
    }
}

pub(super) use precise::Alarm;
