public import TandemFailover
public import TandemReplication

/// `DatabaseServer` for the driver.
public struct SQLStatements: ServerStatements {
    public let server: DatabaseServer

    public init(_ server: DatabaseServer) { self.server = server }

    public func look() async -> StatementsLook {
        let look = await server.look()
        return switch look.answer {
        case .up: .seen(look.observation, isInUse: look.isInUse)
        case .crowded: .crowded
        case .silent: .silent
        case .absent: .absent
        }
    }

    public func run(_ command: ServerCommand) async throws { try await server.run(command) }

    public func heartbeat(epoch: UInt64) async -> Bool {
        do {
            try await server.heartbeat(epoch: epoch)
            return true
        } catch {
            return false
        }
    }

    public func transactions() async -> ServerTransactions? {
        guard let read = try? await server.gtids() else { return nil }
        return ServerTransactions(
            executed: server.numbering.text(read.executed), purged: server.numbering.text(read.purged))
    }

    public func letClientsFinish() async {
        // Where it fails, they are cut off.
        _ = try? await server.letClientsFinish()
    }

    public func disconnectReplicas() async {
        // Where it fails, the server takes 10 s to end, and no harm is done.
        try? await server.disconnectReplicas()
    }

    public func disconnect() async { await server.disconnect() }
}
