/// Something that goes wrong, and for how long.
public struct Fault: Codable, Hashable, Sendable {
    public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        case serverKilled, serverFrozen, agentKilled, agentFrozen, bothKilled, powerLost, hostFrozen
        case linkCut, linkCutOneWay, isolated, diskSlow, applierSlow
        case storeLeaderLost, storeGone, everythingLost, networkFlaky, clockJumped
        case switchoverAsked, paused, logsPurged, failoverForced
        case connectionStorm, held, timingChanged, storeErased, leasesLost
    }

    public var kind: Kind
    /// In simulated time.
    public var atMicroseconds: Int64
    public var lastsMicroseconds: Int64
    /// The index of the host that it happens to.
    public var host: Int
    /// The other end of a link, or a switchover's target.
    public var other: Int

    public init(_ kind: Kind, atSecond second: Double, lastsSeconds seconds: Double = 0, host: Int = 0, other: Int = 0)
    {
        self.kind = kind
        atMicroseconds = Int64(second * 1_000_000)
        lastsMicroseconds = Int64(seconds * 1_000_000)
        self.host = host
        self.other = other
    }
}

/// How faults are drawn.
struct FaultMix: Sendable {
    var count = 200

    /// Kinds by weight: what happens in machine rooms often, often.
    private static let weighted: [Fault.Kind] = [
        .serverKilled, .serverKilled, .serverKilled, .serverFrozen, .serverFrozen, .agentKilled, .agentKilled,
        .agentKilled, .agentFrozen, .agentFrozen, .bothKilled, .powerLost, .powerLost, .powerLost, .hostFrozen,
        .hostFrozen, .linkCut, .linkCut, .linkCut, .linkCutOneWay, .linkCutOneWay, .isolated, .isolated, .diskSlow,
        .applierSlow, .applierSlow, .storeLeaderLost, .storeLeaderLost, .storeGone, .everythingLost, .networkFlaky,
        .networkFlaky, .clockJumped, .switchoverAsked, .switchoverAsked, .paused, .logsPurged,
        .failoverForced, .connectionStorm, .held, .timingChanged, .storeErased, .leasesLost,
    ]

    func draw(_ topology: SimulationTopology, _ random: inout SeededRandom) -> [Fault] {
        // From one fault at a time to a storm, by schedule.
        let gaps = [200_000, 600_000, 1_500_000, 3_000_000]
        let gap = gaps[random.below(gaps.count)]
        let kinds = chooseKinds(&random)
        var time = World.firstFaultAt - 2_000_000
        return (0..<count).map { _ in
            time += Int64(random.below(2 * gap))
            if random.onceIn(40) { time += Int64(random.within(2_000_000...9_000_000)) }
            let kind = kinds[random.below(kinds.count)]
            let isPlanned = kind == .switchoverAsked || kind == .failoverForced
            let other = isPlanned ? random.below(topology.dataNodes) : random.below(topology.hostCount)
            let length = Self.length(kind, &random)
            let host = random.below(topology.hostCount)
            return Fault(
                kind, atSecond: Double(time) / 1_000_000, lastsSeconds: Double(length) / 1_000_000, host: host,
                other: other)
        }
    }

    /// Half of the schedules mix everything; the others repeat a few kinds only, and so come to combinations that the
    /// big mix never reaches.
    private func chooseKinds(_ random: inout SeededRandom) -> [Fault.Kind] {
        guard random.onceIn(2) else { return Self.weighted }
        return (0..<random.within(2...5)).map { _ in Self.weighted[random.below(Self.weighted.count)] }
    }

    private static func length(_ kind: Fault.Kind, _ random: inout SeededRandom) -> Int64 {
        switch kind {
        case .agentKilled: Int64(random.onceIn(4) ? random.within(3_000_000...12_000_000) : random.below(1_500_000))
        case .switchoverAsked: Int64(random.within(200_000...3_000_000))
        case .failoverForced: Int64(random.within(1_000_000...20_000_000))
        default: Int64(random.onceIn(5) ? random.within(2_000_000...10_000_000) : random.below(2_000_000))
        }
    }
}
