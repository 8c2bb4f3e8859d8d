import Foundation

/// Measures MySQL clients side by side: the same loop in several languages, on one server and the same rows.
struct MySQLComparison {
    struct Options {
        var engines = ""
        var load = ""
        var clients = ""
        var python = ""
        var output = ""
        var rounds = 7
        var seconds = 2

        init(_ arguments: some Sequence<String>) throws {
            var iterator = arguments.makeIterator()
            while let name = iterator.next() {
                guard let value = iterator.next() else { throw UsageProblem("\(name) needs a value") }
                switch name {
                case "--engines": engines = value
                case "--load": load = value
                case "--clients": clients = value
                case "--python": python = value
                case "--output": output = value
                case "--rounds": rounds = try number(name, value)
                case "--seconds": seconds = try number(name, value)
                default: throw UsageProblem("unknown option \(name)")
                }
            }
        }

        private func number(_ name: String, _ text: String) throws -> Int {
            guard let number = Int(text), (1...3600).contains(number) else {
                throw UsageProblem("\(name) expects a number from 1 to 3600, found \(text)")
            }
            return number
        }
    }

    /// One line of a table.
    struct Setup: Hashable {
        var loop: Contender.Loop
        var tasks: Int
    }

    static let connections = 16
    static let setups =
        [Contender.Loop.select, .insert].flatMap { loop in [1, 16, 64].map { Setup(loop: loop, tasks: $0) } }
        + [Setup(loop: .stream, tasks: 1)]

    let options: Options

    func run() throws {
        let folder = NSTemporaryDirectory() + "/tandem-bench-clients-\(ProcessInfo.processInfo.processIdentifier)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let contenders = try Contender.all(
            load: options.load, sources: options.clients, python: options.python, folder: folder)
        let versions = try Contender.versions(engines: options.engines, python: options.python)
        say("a MySQL server with \(BenchServer.rows) rows")
        let server = try BenchServer.start(engines: options.engines)
        defer { server.stop() }
        let results = try measure(contenders)
        let report = MySQLReport(
            options: options, contenders: contenders, results: results, machine: try Machine.current(versions: versions)
        )
        try Page.replace("mysql", with: report.text(), in: options.output)
        say("wrote \(options.output)")
    }

    /// In turns, so that what disturbs the machine disturbs all.
    private func measure(_ contenders: [Contender]) throws -> [Setup: [String: [Contender.Result]]] {
        var results: [Setup: [String: [Contender.Result]]] = [:]
        for round in 0...options.rounds {
            say(round == 0 ? "MySQL clients: warming up" : "MySQL clients: round \(round) of \(options.rounds)")
            for setup in Self.setups {
                for contender in contenders where contender.workloads.contains(setup.loop) {
                    let result = try contender.run(
                        setup.loop, tasks: setup.tasks, connections: Self.connections,
                        seconds: round == 0 ? 0.5 : Double(options.seconds))
                    if round > 0 { results[setup, default: [:]][contender.name, default: []].append(result) }
                }
            }
        }
        return results
    }
}
