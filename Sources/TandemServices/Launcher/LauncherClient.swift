import CTandemSystem
import Glibc

/// Asks the launcher of another account. A launcher that does not answer, because whoever took over its account has
/// stopped it, costs the caller a bounded wait and no thread.
struct LauncherClient: Sendable {
    /// The launcher's socket.
    let path: String

    /// systemd starts a launcher when it is first asked, on a machine that may be busy.
    static let answerBound = Duration.seconds(15)

    /// - Parameters:
    ///   - log: becomes the standard output and the standard error.
    ///   - record: see `RunningProcess.start`.
    /// - Returns: the process, and a pidfd of it that was taken before it ran: it may have ended since.
    func start(
        _ specification: ProcessSpecification, log: Int32, record: @Sendable (ProcessIdentity) throws -> Void
    ) async throws -> (identity: ProcessIdentity, handle: Int32) {
        let order = specification.descriptors.sorted { $0.key < $1.key }
        let launch = LaunchRequest.Launch(
            command: specification.command, environment: specification.environment,
            workingDirectory: specification.workingDirectory, targets: order.map(\.key),
            isBatch: specification.scheduling == .batch, mark: specification.mark, fileMask: specification.fileMask)
        let socket = try LaunchSocket(calling: path)
        try socket.send(LaunchRequest.start(launch), descriptors: [log] + order.map(\.value))
        guard case .there(var identity) = try await answer(on: socket, specification) else { throw unanswered }
        identity.launcher = path
        identity.mark = specification.mark
        let handle = tandem_pidfd_open(identity.pid)
        guard handle >= 0 else {
            let reason = String(cString: strerror(errno))
            throw ProcessError("cannot watch process \(identity.pid): \(reason)")
        }
        do {
            // Where this fails the connection ends, and with it the process.
            try record(identity)
            try socket.send(LaunchRequest.go)
            guard case .started = try await answer(on: socket, specification) else { throw unanswered }
        } catch {
            close(handle)
            throw error
        }
        return (identity, handle)
    }

    private func answer(on socket: LaunchSocket, _ specification: ProcessSpecification) async throws -> LaunchAnswer {
        // A start that has begun is carried through, or given up as a whole, when the caller is cancelled.
        let found = await Task { try await socket.receive(LaunchAnswer.self, within: Self.answerBound)?.value }.result
        guard let answer = try found.get() else { throw unanswered }
        if case .failed(let words) = answer { throw ProcessError(words) }
        return answer
    }

    private var unanswered: ProcessError {
        ProcessError("the launcher at \(path) does not answer; see: systemctl status 'tandem-*.app.service'")
    }

    /// Returns at once.
    @discardableResult
    func tell(_ request: LaunchRequest) -> Bool {
        guard let socket = try? LaunchSocket(calling: path) else { return false }
        return (try? socket.send(request)) != nil
    }

    /// - Returns: nil where it does not answer.
    func ask(_ request: LaunchRequest, within bound: Duration = answerBound) async -> LaunchAnswer? {
        guard let socket = try? LaunchSocket(calling: path), (try? socket.send(request)) != nil else { return nil }
        return try? await socket.receive(LaunchAnswer.self, within: bound)?.value
    }
}

extension ProcessIdentity {
    /// The launcher that does to the process what we may not; nil where it is our own account's.
    var hands: LauncherClient? { launcher.map(LauncherClient.init) }

    private static let socketBound = Duration.seconds(2)

    /// The inodes of the sockets that it, and what it has started, have open, where only its launcher can see them; nil
    /// where that does not answer.
    public func launcherSockets() async -> Set<UInt64>? {
        guard let hands, case .sockets(let inodes) = await hands.ask(.sockets(self), within: Self.socketBound) else {
            return nil
        }
        return Set(inodes)
    }
}

extension Duration {
    var milliseconds: Int { Int(self / .milliseconds(1)) }
}
