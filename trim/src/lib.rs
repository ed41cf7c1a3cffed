//! Gives freed memory back to the system. The only unsafe code of the project stands here, alone, so that every other
//! package can forbid it.
//!
//! There is no safe way. Crates that declare the call, libc among them, declare it unsafe as they do every foreign
//! function; none that is kept wraps it. glibc's tunables (`glibc.malloc.trim_threshold`) are read before a process
//! begins and reach the top of a heap, where what thousands of connections leave behind lies between what others still
//! use. Other allocators give memory back by themselves and hold a fifth to a half more while it is in use.

/// Returns freed pages to the system, and whether there were any. Walks all arenas and locks each in turn: tens of
/// milliseconds after a mass disconnect, so not on a thread that serves clients. `None` with another allocator than
/// glibc's.
#[must_use]
pub fn trim() -> Option<bool> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        #[expect(unsafe_code, reason = "glibc offers no other way, and no kept crate wraps it")]
        // SAFETY: malloc_trim takes no pointers, keeps none, and may be called at any time from any thread.
        let released = unsafe { libc::malloc_trim(0) };
        Some(released != 0)
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    None
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_was_freed_can_be_given_back_while_others_allocate() {
        let busy = std::thread::spawn(|| {
            (0..1_000).map(|length| vec![1_u8; length]).map(|all| all.len()).sum::<usize>()
        });
        let blocks: Vec<Vec<u8>> = (0..10_000).map(|_| vec![0; 1_000]).collect();
        drop(blocks);
        assert_eq!(super::trim().is_some(), cfg!(all(target_os = "linux", target_env = "gnu")));
        assert_eq!(busy.join().expect("it does not panic"), 499_500);
    }
}
