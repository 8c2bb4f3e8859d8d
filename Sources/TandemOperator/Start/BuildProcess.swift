import CTandemSystem
import Foundation
import Glibc
import TandemServices

/// A command line of the user's that runs as a shell would run it, but in a session of its own, which can be ended as a
/// whole.
///
/// Services are started otherwise: they give up rights that a build may want, such as that to become another user by
/// sudo.
struct BuildProcess: Sendable {
    enum Ending: Equatable {
        case exited(Int32)
        case killed(Int32)
        case timedOut
        case saidTooMuch
        case interrupted
    }

    let command: String
    let folder: String
    /// Where its words go; it is there already.
    let log: String

    static let mostLogBytes = 256 << 20
    private static let lookInterval = Duration.seconds(1)
    /// From the signal until SIGKILL.
    private static let endBound = Duration.seconds(5)

    /// Cancellation ends it, with all that it has started.
    func run(bound: Duration) async throws -> Ending {
        try Task.checkCancellation()
        let mark = "build \(UUID().uuidString)"
        let pid = try start(mark)
        guard var identity = ProcessIdentity(pid: pid) else { return Self.reap(pid) }
        identity.mark = mark
        guard let process = RunningProcess.adopt(identity) else { return Self.reap(pid) }
        let deadline = ContinuousClock.now + bound
        var reason: Ending?
        while reason == nil, !process.hasEnded {
            _ = await process.endsWithin(min(Self.lookInterval, max(.zero, deadline - .now)))
            if process.hasEnded { break }
            reason = reasonToEnd(deadline)
        }
        if let reason {
            await process.stop(signal: SIGTERM, bound: Self.endBound)
            _ = await Task { await process.waitForEnd() }.value
            return reason
        }
        let ending = await Task { await process.waitForEnd() }.value
        return switch ending {
        case .exited(let status): .exited(status)
        case .killed(let signal): .killed(signal)
        case .unknown, nil: throw Failure(.failed, "nobody saw how the build ended; try again")
        }
    }

    private func reasonToEnd(_ deadline: ContinuousClock.Instant) -> Ending? {
        if Task.isCancelled { return .interrupted }
        if ContinuousClock.now >= deadline { return .timedOut }
        var entry = tandem_entry()
        return tandem_look_at(log, 0, &entry) == 0 && entry.size > Self.mostLogBytes ? .saidTooMuch : nil
    }

    /// POSIX_SPAWN_SETSID of glibc's spawn.h. Without a terminal a question for a password ends at once, instead of
    /// waiting unseen.
    private static let newSession: Int16 = 0x80

    private func start(_ mark: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_APPEND, 0)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // We ignore some of them, which it would inherit: a pipe into `head` would end with an error.
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK) | Self.newSession)
        var variables = ProcessInfo.processInfo.environment
        variables[ProcessIdentity.markVariable] = mark
        var pid: pid_t = 0
        // POSIX leaves the change of folder to the shell.
        let words = ["/bin/sh", "-c", "cd -- \"$0\" && exec /bin/sh -c \"$1\"", folder, command]
        let error = CStrings.with(words) { arguments in
            CStrings.with(variables.map { "\($0)=\($1)" }.sorted()) {
                posix_spawn(&pid, "/bin/sh", &actions, &attributes, arguments, $0)
            }
        }
        guard error == 0 else {
            throw Failure(.failed, "cannot run the build: \(String(cString: strerror(error)))")
        }
        return pid
    }

    /// One that has ended already.
    private static func reap(_ pid: pid_t) -> Ending {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal)
    }
}
