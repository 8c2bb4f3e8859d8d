import Logging
import NIOCore
import NIOPosix
import TandemBlueprint
import TandemStack
import TandemTopology

/// Tells the database router where to send clients (HAProxy's `agent-check`): one line asked, one line answered.
struct RouterChecks: Sendable {
    let board: TopologyBoard
    let address: String
    var port = Ports.agentCheck
    let logger: Logger

    /// A replica that is further behind than this is left out of the reads.
    static let lagBoundSeconds = 10.0
    /// Questions answered at the same time. Further ones wait in the kernel's queue.
    static let mostConnections = 64
    /// Whoever has not asked and read the answer by then is cut off; HAProxy gives up long before.
    static let patience = TimeAmount.seconds(2)
    private static let longestLineBytes = 256

    /// How long an agent that has just started listens to the others before it gives verdicts of its own.
    var listeningTime = Duration.seconds(3)

    /// Runs until cancelled.
    func run() async throws {
        // An agent that starts anew knows nothing yet. Saying so would cut the sessions of a router that serves, so it
        // says nothing: the last verdict stands.
        let deadline = ContinuousClock.now + listeningTime
        while await !board.knowsEveryMember, ContinuousClock.now < deadline {
            let version = await board.version
            await board.waitForChange(from: version, timeout: .milliseconds(100))
        }
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: address, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await server.executeThenClose { connections in
                var open = 0
                for try await connection in connections {
                    // Each ends within `patience`, so the wait for a free place has a bound too.
                    if open == Self.mostConnections {
                        try await group.next()
                        open -= 1
                    }
                    group.addTask { await answer(connection) }
                    open += 1
                }
            }
        }
    }

    private func answer(_ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async {
        // Closing ends the read below, also for a client that never says anything or never reads.
        let timer = connection.channel.eventLoop.scheduleTask(in: Self.patience) {
            connection.channel.close(promise: nil)
        }
        try? await connection.executeThenClose { inbound, outbound in
            guard let line = try await Self.line(from: inbound) else { return }
            if let verdict = await verdict(on: line) {
                try await outbound.write(ByteBuffer(string: verdict.reply))
            }
            outbound.finish()
        }
        timer.cancel()
    }

    /// The first line, however many packets it came in; nil when there is none.
    private static func line(from inbound: NIOAsyncChannelInboundStream<ByteBuffer>) async throws -> String? {
        var received = ByteBuffer()
        for try await var buffer in inbound {
            received.writeBuffer(&buffer)
            let bytes = received.readableBytesView
            if let end = bytes.firstIndex(where: {
                $0 == UInt8(ascii: "\n") || $0 == RouterQuestion.terminator.asciiValue
            }) {
                return String(decoding: bytes[..<end], as: UTF8.self)
            }
            guard bytes.count <= longestLineBytes else { return nil }
        }
        return nil
    }

    /// nil: there was no word of that server yet.
    private func verdict(on line: String) async -> RouterVerdict? {
        guard let question = RouterQuestion(line: line), let member = await board.knownMember(question.host) else {
            return nil
        }
        let isOpen =
            switch question.purpose {
            case .write: member.takesWrites
            case .read: member.servesReads(lagBoundSeconds: Self.lagBoundSeconds)
            }
        return isOpen ? .open : .closed
    }
}
