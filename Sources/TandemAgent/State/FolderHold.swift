import Glibc

/// Keeps a folder below /tmp, and what is in it, from systemd-tmpfiles(8), which deletes there what is old: where a
/// folder is locked (flock(2)) it goes no further. It would take HAProxy's sockets for dead ones, since HAProxy renames
/// them after they were bound.
final class FolderHold: Sendable {
    private let descriptor: Int32

    /// Does nothing where there is no such folder.
    init(_ path: String) {
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor >= 0 { flock(descriptor, LOCK_SH | LOCK_NB) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}
