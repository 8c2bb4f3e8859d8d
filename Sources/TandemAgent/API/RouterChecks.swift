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
    let logger: Logger

    /// A replica that is further behind than this is left out of the reads.
    static let lagBoundSeconds = 10.0
    /// Questions answered at the same time.
    private static let mostConnections = 64

    /// How long an agent that has just started listens to the others before it gives verdicts of its own.
    private static let listeningTime = Duration.seconds(3)

    /// Runs until cancelled.
    func run() async throws {
        // An agent that starts anew knows nothing yet. Saying so would cut the sessions of a router that serves, so it
        // says nothing: the last verdict stands.
        let deadline = ContinuousClock.now + Self.listeningTime
        while await !board.knowsEveryMember, ContinuousClock.now < deadline {
            let version = await board.version
            await board.waitForChange(from: version, timeout: .milliseconds(100))
        }
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: address, port: Ports.agentCheck) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        try await withThrowingDiscardingTaskGroup { group in
            try await server.executeThenClose { connections in
                for try await connection in connections {
                    group.addTask { await answer(connection) }
                }
            }
        }
    }

    private func answer(_ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async {
        try? await connection.executeThenClose { inbound, outbound in
            for try await buffer in inbound {
                if let verdict = await verdict(on: String(buffer: buffer)) {
                    try await outbound.write(ByteBuffer(string: verdict.reply))
                }
                outbound.finish()
                break
            }
        }
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
