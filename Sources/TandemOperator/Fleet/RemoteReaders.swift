import Foundation
import Synchronization
import TandemFleet

/// Commands of hosts' own programs that go on to say what there is until we end them.
actor RemoteReaders {
    private var running: [(process: Process, input: Pipe)] = []
    private let ends = AsyncStream<Void>.makeStream()

    /// Ends the command with its own standard input, as it comes about when we end or the connection is cut: sshd ends
    /// nothing that has no terminal.
    private static let bound = #"""
        exec 3<&0
        "$@" </dev/null 3<&- &
        command=$!
        { cat <&3; kill $command; } >/dev/null 2>&1 &
        watch=$!
        exec 3<&-
        wait $command
        status=$?
        kill $watch 2>/dev/null
        exit $status
        """#

    /// What it says goes to our standard output.
    func start(_ session: HostSession, _ words: [String]) throws {
        try start(session.process(["/bin/sh", "-c", Self.bound, "sh"] + words))
    }

    /// The same; returns when it has said the line that tells that it reads, or ended, or after a while.
    /// - Parameter beginning: that line, which is not shown, and neither is what comes before it.
    func start(_ session: HostSession, _ words: [String], after beginning: String) async throws {
        let process = session.process(["/bin/sh", "-c", Self.bound, "sh"] + words)
        let output = Pipe()
        let gate = Gate(beginning)
        output.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            let text = gate.pass(data)
            if !text.isEmpty { Terminal.write(text, to: .standardOutput) }
        }
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try start(process)
        await gate.waitUntilOpen()
    }

    private func start(_ process: Process) throws {
        let input = Pipe()
        process.standardInput = input
        process.terminationHandler = { [ends] _ in ends.continuation.yield() }
        try process.run()
        running.append((process, input))
    }

    func waitForAll() async {
        var left = running.count
        guard left > 0 else { return }
        for await _ in ends.stream {
            left -= 1
            if left == 0 { return }
        }
    }

    func end() {
        for (process, input) in running {
            try? input.fileHandleForWriting.close()
            // Foundation starts ssh in a process group of its own, so that the terminal's Ctrl-C does not reach it.
            if process.isRunning { process.terminate() }
        }
        running = []
    }

    /// Lets text through from a line on.
    final class Gate: Sendable {
        private let beginning: String
        private let state = Mutex((isOpen: false, held: ""))
        private static let patience = Duration.seconds(10)

        init(_ beginning: String) { self.beginning = beginning + "\n" }

        /// - Parameter data: nothing at its end.
        /// - Returns: what is to be shown.
        func pass(_ data: Data) -> String {
            state.withLock { state in
                if data.isEmpty { state.isOpen = true }
                let text = String(decoding: data, as: UTF8.self)
                guard !state.isOpen else { return text }
                state.held += text
                guard let range = state.held.firstRange(of: beginning) else { return "" }
                state.isOpen = true
                defer { state.held = "" }
                return String(state.held[range.upperBound...])
            }
        }

        func waitUntilOpen() async {
            let deadline = ContinuousClock.now + Self.patience
            while !state.withLock({ $0.isOpen }), ContinuousClock.now < deadline, !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(10))
            }
        }
    }
}
