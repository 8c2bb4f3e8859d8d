import Foundation

/// What watching a stack costs: reads through the whole chain, of one stack, without monitoring and with it, in turns.
struct MonitoringCost {
    let options: Options
    private static let programs = ["prometheus", "alertmanager"]
    /// What a change of settings leaves to do is done by then, and each monitor has asked all hosts.
    private static let settling = 30.0

    private struct Round {
        var without: Measurement
        var with: Measurement
        /// Of one core, all monitors together.
        var cpuPercent: Double

        var ratio: Double { with.requestsPerSecond / without.requestsPerSecond }
    }

    func run() throws {
        Machine.waitUntilIdle()
        let loadBefore = Machine.load()
        let stack = try TandemStack(program: options.tandem, app: options.conduit)
        defer { stack.remove() }
        // Prometheus and Alertmanager are fetched before anything is measured.
        try watch(stack, true)
        let client = LoadClient(
            folder: stack.folder, connections: options.connections,
            slug: try Requests.makeArticle(try stack.status().url))
        say("at rest for \(options.idleSeconds) s")
        let atRest = try Idle.cost(of: monitors(stack), seconds: options.idleSeconds)
        say("reads: \(options.rounds) rounds of \(options.seconds) s without monitoring and with it")
        var rounds: [Round] = []
        for number in 0..<options.rounds {
            var measured: [Bool: (Measurement, Double)] = [:]
            // Who is first changes from round to round: the stack ages.
            for isWatched in number % 2 == 0 ? [false, true] : [true, false] {
                try watch(stack, isWatched)
                measured[isWatched] = try load(stack, client)
            }
            guard let without = measured[false], let with = measured[true] else { continue }
            let round = Round(without: without.0, with: with.0, cpuPercent: with.1)
            say("\(Int(round.without.requestsPerSecond))/s without, \(Int(round.with.requestsPerSecond))/s with")
            rounds.append(round)
        }
        let machine = try Machine.current(versions: stack.versions(), loadBefore: loadBefore)
        try Page.replace("monitoring", with: text(machine, rounds, atRest), in: options.output)
        say("wrote \(options.output)")
    }

    private func watch(_ stack: TandemStack, _ isWatched: Bool) throws {
        try stack.put(isWatched ? "monitoring: on\n" : "")
        try stack.run("up", "--detach")
        Thread.sleep(forTimeInterval: Self.settling)
        let running = try Self.programs.map { try stack.status().pids($0).count }
        guard running == (isWatched ? [2, 2] : [0, 0]) else {
            throw Failure("after 'up' there run \(running) of \(Self.programs), not what the stack file says")
        }
    }

    private func monitors(_ stack: TandemStack) throws -> [(name: String, pid: Int32)] {
        try stack.status().hosts.flatMap { host in
            host.services.filter { Self.programs.contains($0.name) }.compactMap { service in
                service.pid.map { ("\(service.name) of \(host.name)", $0) }
            }
        }
    }

    private func load(_ stack: TandemStack, _ client: LoadClient) throws -> (Measurement, Double) {
        let url = try stack.status().url
        let pids = try monitors(stack).map(\.pid)
        _ = try client.measure(.reads, url: url, seconds: 2, tiers: [:])
        let before = ProcessTimes.cpuSeconds(pids)
        let measurement = try client.measure(.reads, url: url, seconds: options.seconds, tiers: [:])
        let spent = ProcessTimes.cpuSeconds(pids) - before
        return (measurement, spent / Double(options.seconds) * 100)
    }

    private func text(_ machine: Machine, _ rounds: [Round], _ atRest: [Idle.Process]) -> String {
        let (without, with) = (rounds.map(\.without), rounds.map(\.with))
        let rows = atRest.map(\.row)
        let percent = atRest.map(\.cpuPercent).reduce(0, +)
        let bytes = atRest.map(\.residentBytes).reduce(0, +)
        func rates(_ all: [Measurement]) -> String { all.map(\.requestsPerSecond).summary(digits: 0) }
        func tails(_ all: [Measurement]) -> String { all.map(\.p99Milliseconds).summary(digits: 1) }
        return """
            ## Monitoring

            Written by `bin/bench monitoring`, which measures everything again.

            - \(Date.now.formatted(.iso8601.year().month().day())). \(machine.description).
            - The default stack with `monitoring: on`, and without it, in turns: `tandem up` between them, and \
            \(Int(Self.settling)) s until it is at rest. \(rounds.count) rounds of \(options.seconds) s each; wrk with \
            \(options.connections) connections gets one article through the whole chain. Numbers are medians, in brackets \
            the least and the most.

            | | without | with | with to without, round by round | target |
            | --- | --- | --- | --- | --- |
            | reads a second | \(rates(without)) | \(rates(with)) | \(rounds.map(\.ratio).summary(digits: 3)) | 0.97 |
            | p99, ms | \(tails(without)) | \(tails(with)) | | |
            | monitors, % of one core, under this load | | \(rounds.map(\.cpuPercent).summary(digits: 2)) | | |

            At rest, over \(options.idleSeconds) s:

            | | % of one core | resident MB |
            | --- | --- | --- |
            \(rows.joined(separator: "\n"))
            | together (target: 5 %, 250 MB) | \(percent.rounded(2)) | \((Double(bytes) / 1e6).rounded(0)) |
            """
    }
}
