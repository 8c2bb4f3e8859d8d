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
    case commandEnds(host: Int, boot: UInt32, incarnation: UInt32, id: UInt64)
    case closingEnds(host: Int, boot: UInt32, by: Int, incarnation: UInt32, id: UInt64)
    case booted(host: Int, boot: UInt32)
    /// With how many microseconds left to wait for the row's lock.
    case heartbeat(host: Int, incarnation: UInt32, boot: UInt32, id: UInt64, patience: Int)
    /// The second part of a look whose first part was of an earlier moment; of a command's end, where there is an
    /// outcome.
    case lookEnds(host: Int, incarnation: UInt32, id: UInt64, CommandOutcome?, ServerObservation)
    case holdEnds(host: Int)
    case operatorAdopts
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
