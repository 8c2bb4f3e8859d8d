import TandemFailover

/// One thing that is going to happen in the simulated world. `incarnation` is the agent process that it belongs to,
/// `boot` the server process, `session` the receiver's connection: what belongs to a dead one does not happen.
enum Happening: Sendable {
    case tick(host: Int, incarnation: UInt32)
    case agentStarts(host: Int, incarnation: UInt32)
    case toAgent(host: Int, incarnation: UInt32, Event)
    case message(from: Int, to: Int, Event)
    case storeRequest(from: Int, incarnation: UInt32, id: UInt64, StoreRequest, isLate: Bool)
    case storeAnswer(host: Int, incarnation: UInt32, id: UInt64, StoreAnswer)
    case election(UInt32)
    case command(host: Int, incarnation: UInt32, boot: UInt32, id: UInt64, ServerCommand)
    case closingEnds(host: Int, boot: UInt32, by: Int, incarnation: UInt32, id: UInt64)
    case booted(host: Int, boot: UInt32)
    case heartbeat(host: Int, incarnation: UInt32, boot: UInt32, id: UInt64)
    case connect(host: Int, boot: UInt32)
    case deliver(host: Int, session: UInt32, attempts: Int)
    case acknowledge(source: Int, boot: UInt32, from: Int, session: UInt32, count: Int)
    case drop(host: Int, session: UInt32)
    case clientWrites
    case fault(Int)
    case faultEnds(Int)
    case hostStarts(host: Int, power: UInt32)
    case audit
}
