import Foundation

/// Seconds that a stack takes to start and to stop, one for each repetition.
struct Lifecycle {
    var firstUp: [Double] = []
    var down: [Double] = []
    var laterUp: [Double] = []

    static func measure(_ stack: TandemStack, repetitions: Int) throws -> Lifecycle {
        try stack.run("engines", "install")
        var result = Lifecycle()
        for _ in 0..<repetitions {
            result.firstUp.append(try seconds { try stack.run("up", "--detach") })
            result.down.append(try seconds { try stack.run("down") })
            result.laterUp.append(try seconds { try stack.run("up", "--detach") })
            try stack.run("destroy", "--yes")
        }
        return result
    }
}

/// What the agents, the etcds and the keeper of a stack cost while no client sends a request.
struct Idle {
    struct Process {
        var name: String
        /// Of one core.
        var cpuPercent: Double
        var residentBytes: Int

        /// Of a table in Markdown: name, % of one core, MB.
        var row: String { "| \(name) | \(cpuPercent.rounded(2)) | \((Double(residentBytes) / 1e6).rounded(0)) |" }
    }

    var processes: [Process]

    /// Of one core: what decides who is primary, on all hosts together.
    var decidingPercent: Double {
        processes.filter { $0.name != Self.keeper }.map(\.cpuPercent).reduce(0, +)
    }

    private static let keeper = "keeper"

    static func measure(_ stack: TandemStack, seconds duration: Int) throws -> Idle {
        let status = try stack.status()
        var pids = status.hosts.map { ("agent of \($0.name)", $0.agent.pid) }
        for host in status.hosts {
            pids += host.services.filter { $0.name == "etcd" }.map { ("etcd of \(host.name)", $0.pid) }
        }
        pids.append((keeper, status.keeper.pid))
        let known = pids.compactMap { name, pid in pid.map { (name: name, pid: $0) } }
        // What the start has left to do is done by then.
        Thread.sleep(forTimeInterval: 30)
        return Idle(processes: try cost(of: known, seconds: duration))
    }

    /// Of each process alone: the keeper is the agents' parent.
    static func cost(of processes: [(name: String, pid: Int32)], seconds duration: Int) throws -> [Process] {
        let before = try processes.map { try ProcessTimes.ownCPUSeconds($0.pid) }
        Thread.sleep(forTimeInterval: Double(duration))
        return try zip(processes, before).map { process, before in
            let spent = try ProcessTimes.ownCPUSeconds(process.pid) - before
            return Process(
                name: process.name, cpuPercent: spent / Double(duration) * 100,
                residentBytes: try ProcessTimes.residentBytes(process.pid))
        }
    }
}

/// `check` and `render` of a stack of 1,000 hosts, in seconds.
struct LargeStack {
    var check: [Double] = []
    var render: [Double] = []

    static func measure(program: String, repetitions: Int) throws -> LargeStack {
        let folder = NSTemporaryDirectory() + "/tandem-large-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let roles = { (index: Int) in index < 100 ? "balancer" : index < 900 ? "web, app" : "database" }
        let hosts = (0..<1000).map { index in
            "  host\(index): {address: 10.0.\(index / 200).\(index % 200 + 1), roles: [\(roles(index))]}"
        }
        try "stack: large\napp:\n  run: ./shop\nhosts:\n\(hosts.joined(separator: "\n"))\n".write(
            toFile: "\(folder)/tandem.yaml", atomically: true, encoding: .utf8)
        var result = LargeStack()
        for _ in 0..<repetitions {
            result.check.append(try seconds { try Program.succeed([program, "check"], folder: folder) })
            result.render.append(
                try seconds { try Program.succeed([program, "render", "--out", "out"], folder: folder) })
        }
        return result
    }
}
