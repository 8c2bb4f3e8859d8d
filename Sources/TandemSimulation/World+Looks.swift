import TandemFailover

/// What agents see of their servers. A look is one statement, but its parts are read one after the other: in some looks
/// they are of two moments.
extension World {
    /// One look in so many is torn.
    private static let tornOnceIn = 4

    mutating func look(_ host: Int, _ incarnation: UInt32) {
        let begun = observe(host)
        guard mayTear(begun) else {
            think(host, .tick(begun))
            return
        }
        schedule(
            .lookEnds(host: host, incarnation: incarnation, id: 0, nil, begun), after: tearLength())
    }

    /// A command's end: the look that comes with it begins after it.
    mutating func finish(_ host: Int, _ incarnation: UInt32, _ id: UInt64, _ outcome: CommandOutcome) {
        let begun = observe(host)
        guard mayTear(begun) else {
            tell(host, incarnation, .commandFinished(id: id, outcome, begun))
            return
        }
        schedule(.lookEnds(host: host, incarnation: incarnation, id: id, outcome, begun), after: tearLength())
    }

    private mutating func mayTear(_ begun: ServerObservation) -> Bool {
        !isExploring && begun.life == .up && random.onceIn(Self.tornOnceIn)
    }

    private mutating func tearLength() -> Int { random.onceIn(20) ? random.below(600_000) : random.below(10_000) }

    mutating func endLook(
        _ host: Int, _ incarnation: UInt32, _ id: UInt64, _ outcome: CommandOutcome?, _ begun: ServerObservation
    ) {
        let thaw = serverThaws(host)
        if servers[host].boot == begun.bootCount, servers[host].isUp, thaw > time {
            queue.push(.lookEnds(host: host, incarnation: incarnation, id: id, outcome, begun), at: thaw)
            return
        }
        let seen = tear(begun, observe(host))
        if let outcome {
            tell(host, incarnation, .commandFinished(id: id, outcome, seen))
        } else {
            tell(host, incarnation, .tick(seen))
        }
    }

    /// Of each part that is read in one go, what was true at one of the two moments.
    private mutating func tear(_ begun: ServerObservation, _ ended: ServerObservation) -> ServerObservation {
        // A statement does not outlive its server, nor does it see two.
        guard ended.life == .up, ended.bootCount == begun.bootCount else { return ended }
        var seen = begun
        if random.onceIn(2) { seen.access = ended.access }
        if random.onceIn(2) { seen.isSourceSideOn = ended.isSourceSideOn }
        if random.onceIn(2) { seen.isReplicaSideOn = ended.isReplicaSideOn }
        if random.onceIn(2) {
            seen.receiver = ended.receiver
            seen.receivedCount = ended.receivedCount
        }
        if random.onceIn(2) { seen.receiverAcknowledges = ended.receiverAcknowledges }
        if random.onceIn(2) {
            seen.source = ended.source
            seen.attachedEpoch = ended.attachedEpoch
        }
        if random.onceIn(2) {
            seen.isApplierOn = ended.isApplierOn
            seen.isDurable = ended.isDurable
        }
        if random.onceIn(2) { seen.hasAppliedAll = ended.hasAppliedAll }
        if random.onceIn(2) { seen.isCloseBehind = ended.isCloseBehind }
        if random.onceIn(2) { seen.sourceAnswers = ended.sourceAnswers }
        if random.onceIn(2) { seen.hasWaitingCommits = ended.hasWaitingCommits }
        if random.onceIn(2) { seen.admitted = ended.admitted }
        if random.onceIn(2) { seen.isPrepared = ended.isPrepared }
        if random.onceIn(2) { seen.noted = ended.noted }
        return seen
    }

    func observe(_ host: Int) -> ServerObservation {
        guard hosts[host].holdsData else { return ServerObservation(life: .down) }
        let life: ServerObservation.Life =
            switch servers[host].process {
            case .down: .down
            case .booting: .booting
            case .up: serverThaws(host) > time ? .unresponsive : servers[host].crowdedUntil > time ? .crowded : .up
            }
        return observe(host, life)
    }

    private func observe(_ host: Int, _ life: ServerObservation.Life) -> ServerObservation {
        let server = servers[host]
        let isDue =
            server.isApplierOn && !server.isSourceSideOn && time >= server.applierReadyAt
            && server.process == .up
        let isRunning = server.isReceiverOn
        let receiver: ServerObservation.Receiver =
            server.isReceiverRefused
            ? .refused : !isRunning ? .off : server.connection == nil ? .connecting : .connected
        var answers = false
        if let source = server.source { answers = serverAnswers(source) && isConnected(host, source) }
        var seen = ServerObservation(
            life: life, access: server.access, isSourceSideOn: server.isSourceSideOn,
            isReplicaSideOn: server.isReplicaSideOn, receiver: receiver,
            receiverAcknowledges: server.connection?.acknowledges ?? false,
            source: server.source.map { HostID($0) }, attachedEpoch: server.attachedEpoch,
            isApplierOn: server.isApplierOn, hasAppliedAll: server.logged == server.held || isDue,
            isCloseBehind: isCloseBehind(host),
            isDurable: server.isDurable && server.undurableFrom == nil, receivedCount: server.receivedCount,
            sourceAnswers: answers,
            hasWaitingCommits: server.waiting > 0,
            admitted: server.admitted, isPrepared: server.committed > 0,
            noted: server.note?.pair, isFresh: server.isFresh, bootCount: server.boot,
            order: UInt64(truncatingIfNeeded: measures.steps))
        seen.isTorn = server.isTorn
        return seen
    }

    private func isCloseBehind(_ host: Int) -> Bool {
        guard let connection = servers[host].connection else { return false }
        let source = servers[connection.source]
        if servers[host].logged < servers[host].held, servers[host].applierSlowUntil > time { return false }
        return source.boot == connection.sourceBoot && source.held - servers[host].held <= 4
    }
}
