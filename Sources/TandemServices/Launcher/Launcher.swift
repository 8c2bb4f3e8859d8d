import CTandemSystem
import Dispatch
import Foundation
import Glibc
import Synchronization

/// Starts and ends processes of its own account for somebody of another one, who asks over a socket that the kernel
/// opens to them alone.
public final class Launcher: Sendable {
    /// Who ask at the same time. Everybody beyond that waits in the socket's queue.
    private static let mostCallers = 32
    /// How long a caller may take to say what they want, and to write down what was started.
    private static let callerBound = Duration.seconds(10)

    private let listener: Int32
    private let children = Children()

    /// - Parameter listener: a socket that listens (`tandem_listen_local`), kept open.
    public init(listener: Int32) { self.listener = listener }

    /// - Throws: `ProcessError` when the socket cannot be made.
    public convenience init(listeningAt path: String) throws {
        let listener = tandem_listen_local(path)
        guard listener >= 0 else { throw ProcessError("cannot listen at \(path): \(String(cString: strerror(errno)))") }
        self.init(listener: listener)
    }

    /// Runs until the task is cancelled. What was started goes on.
    public func run() async {
        // systemd's own socket waits, and somebody else may have taken the caller.
        _ = fcntl(listener, F_SETFL, O_NONBLOCK)
        for child in RunningProcess.adoptChildren() { children.insert(child) }
        await withDiscardingTaskGroup { group in
            let places = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingOldest(Self.mostCallers))
            for _ in 0..<Self.mostCallers { places.continuation.yield() }
            for await _ in places.stream {
                guard let socket = await nextCaller() else { break }
                group.addTask {
                    await self.serve(socket)
                    places.continuation.yield()
                }
            }
            group.cancelAll()
        }
    }

    private func nextCaller() async -> LaunchSocket? {
        while !Task.isCancelled {
            await PidfdWatch.waitUntilReadable(listener)
            if Task.isCancelled { break }
            let descriptor = tandem_accept_local(listener)
            if descriptor >= 0 { return LaunchSocket(descriptor) }
            // Out of descriptors, or of memory: others end meanwhile.
            if errno != EAGAIN { try? await Task.sleep(for: .milliseconds(100)) }
        }
        return nil
    }

    private func serve(_ socket: LaunchSocket) async {
        do {
            guard let (request, descriptors) = try await socket.receive(LaunchRequest.self, within: Self.callerBound)
            else { return }
            switch request {
            case .start(let launch): try await start(launch, descriptors, for: socket)
            default: if let answer = await self.answer(request) { try socket.send(answer) }
            }
        } catch {
            try? socket.send(LaunchAnswer.failed("\(error)"))
        }
    }

    private func answer(_ request: LaunchRequest) async -> LaunchAnswer? {
        switch request {
        case .signal(let identity, let number):
            (children[identity] ?? RunningProcess.adopt(identity.own))?.signal(number)
            return nil
        case .stop(let identity, let number, let bound):
            guard let process = children[identity] ?? RunningProcess.adopt(identity.own) else {
                await identity.own.sweep()
                return .ended(inTime: true)
            }
            return .ended(inTime: await process.stop(signal: number, bound: .milliseconds(bound)))
        case .sweepOrphans(let identity, let number, let bound):
            await identity.own.sweepOrphans(signal: number, bound: .milliseconds(bound))
            return .ended(inTime: true)
        case .sweep(let identity):
            await identity.own.sweep()
            return .ended(inTime: true)
        case .ending(let identity):
            guard let process = children[identity] else { return .unknown }
            return await process.waitForEnd().map(LaunchAnswer.init)
        case .sockets(let identity):
            return .sockets(Array(Self.sockets(of: identity.own.members)))
        case .start, .go: return nil
        }
    }

    // MARK: - Starting

    private func start(_ launch: LaunchRequest.Launch, _ descriptors: PassedDescriptors, for socket: LaunchSocket)
        async throws
    {
        guard let log = descriptors.all.first, descriptors.all.count == launch.targets.count + 1 else {
            throw ProcessError("a process to start came with \(descriptors.all.count) descriptors")
        }
        let specification = ProcessSpecification(
            command: launch.command, environment: launch.environment, workingDirectory: launch.workingDirectory,
            logFile: "", descriptors: Dictionary(zip(launch.targets, descriptors.all.dropFirst())) { $1 },
            scheduling: launch.isBatch ? .batch : .inherited, mark: launch.mark, fileMask: launch.fileMask)
        let process = try await Self.start(specification, log: log, for: socket)
        withExtendedLifetime(descriptors) {}
        children.insert(process)
        try socket.send(LaunchAnswer.started)
    }

    /// On a thread of its own, which waits: a process that has not begun ends with the thread that made it.
    private static func start(
        _ specification: ProcessSpecification, log: Int32, for socket: LaunchSocket
    ) async throws -> RunningProcess {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        try RunningProcess.start(specification, log: log) { identity in
                            try socket.send(LaunchAnswer.there(identity))
                            guard try socket.wait(for: LaunchRequest.self, within: callerBound) == .go else {
                                throw ProcessError("whoever asked for a process has gone")
                            }
                        }
                    })
            }
        }
    }

    private static func sockets(of pids: [Int32]) -> Set<UInt64> {
        var inodes: Set<UInt64> = []
        for pid in pids {
            let folder = "/proc/\(pid)/fd"
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
                guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)"),
                    target.hasPrefix("socket:["), let inode = UInt64(target.dropFirst(8).dropLast())
                else { continue }
                inodes.insert(inode)
            }
        }
        return inodes
    }
}

/// The processes that a launcher has started, and how they ended: the last ones of those that have.
private final class Children: Sendable {
    private static let mostEnded = 256

    private struct State {
        var processes: [ProcessStamp: RunningProcess] = [:]
        /// Oldest first.
        var ended: [ProcessStamp] = []
    }

    private let state = Mutex(State())

    subscript(_ identity: ProcessIdentity) -> RunningProcess? { state.withLock { $0.processes[identity.stamp] } }

    /// From here on it is waited for, so that none stays a zombie.
    func insert(_ process: RunningProcess) {
        state.withLock { $0.processes[process.identity.stamp] = process }
        Task {
            _ = await process.waitForEnd()
            state.withLock { state in
                state.ended.append(process.identity.stamp)
                while state.ended.count > Self.mostEnded {
                    state.processes[state.ended.removeFirst()] = nil
                }
            }
        }
    }
}

extension ProcessIdentity {
    fileprivate var stamp: ProcessStamp { ProcessStamp(pid: pid, startTicks: startTicks) }

    /// As the launcher itself knows it.
    var own: ProcessIdentity {
        ProcessIdentity(pid: pid, startTicks: startTicks, bootID: bootID, mark: mark)
    }
}
