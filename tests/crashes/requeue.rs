//! A requeue that is killed, or whose system calls fail.
