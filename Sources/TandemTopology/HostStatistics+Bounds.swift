extension HostStatistics {
    /// What an agent said, as far as it can be true: sums and differences of these numbers do not overflow. An agent
    /// that is broken, or that somebody has taken over, may say anything.
    public var bounded: HostStatistics {
        var bounded = self
        bounded.clockSeconds = clockSeconds.within(0...Self.longestSeconds)
        bounded.processes = processes.prefix(Self.mostProcesses).map(\.bounded)
        bounded.balancer = balancer?.prefix(Self.mostCounters).map(\.bounded)
        bounded.router = router?.prefix(Self.mostCounters).map(\.bounded)
        bounded.database = database.map {
            DatabaseCounters(
                statements: $0.statements.within(0...Self.highestCount),
                connections: $0.connections.within(0...Self.mostConnections))
        }
        return bounded
    }

    /// Thirty thousand years.
    fileprivate static let longestSeconds = 1e12
    /// A million a second, for thirty years.
    fileprivate static let highestCount = 1 << 50
    fileprivate static let mostConnections = 1 << 32
    private static let mostProcesses = 1000
    /// A section has a line for each host, and stacks have thousands at most.
    private static let mostCounters = 20_000
}

extension ProcessUse {
    fileprivate var bounded: ProcessUse {
        ProcessUse(
            service: service, cpuSeconds: cpuSeconds.within(0...HostStatistics.longestSeconds),
            residentBytes: residentBytes.within(0...HostStatistics.highestCount))
    }
}

extension TrafficCounters {
    fileprivate var bounded: TrafficCounters {
        let counts = 0...HostStatistics.highestCount
        return TrafficCounters(
            section: section, server: server, requests: requests.within(counts), errors: errors.within(counts),
            connections: connections.within(0...HostStatistics.mostConnections),
            responseMilliseconds: responseMilliseconds?.within(0...HostStatistics.mostConnections))
    }
}

extension Topology {
    /// Of what an agent said, the numbers that can be true.
    public var bounded: Topology {
        var bounded = self
        bounded.epoch = epoch.within(0...(1 << 50))
        bounded.members = members.map { member in
            var member = member
            member.lagSeconds = member.lagSeconds?.within(0...1e9)
            return member
        }
        return bounded
    }
}

extension Comparable {
    fileprivate func within(_ range: ClosedRange<Self>) -> Self { min(max(self, range.lowerBound), range.upperBound) }
}
