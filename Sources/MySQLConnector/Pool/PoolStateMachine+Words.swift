/// What the pool and its state machine say to each other.
extension PoolStateMachine {
    typealias ConnectionID = Int
    typealias WaiterID = Int

    enum Action: Equatable {
        case open(ConnectionID, after: Duration)
        case close(ConnectionID)
        /// Ask the server for a sign of life, then call `probed`.
        case probe(ConnectionID)
        case hand(ConnectionID, to: WaiterID)
        case fail(WaiterID, Refusal)
        /// Call `wake` at this time.
        case wake(at: Duration)
        /// Shut down, and nothing is left to wait for.
        case finish
    }

    enum Refusal: Equatable { case timeout, queueFull, closed, unreachable }

    enum Acquisition: Equatable {
        case leased(ConnectionID)
        case waiting
        case refused(Refusal)
    }

    /// How a pool is shut down. Connections that are lent out close as they come back.
    enum Ending {
        /// Tasks that wait are served still.
        case drain
        /// Tasks that wait are refused.
        case leave
        /// As `leave`, and what comes back late, or is opening, is no longer waited for.
        case force
    }
}
