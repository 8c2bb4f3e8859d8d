import Foundation

/// Measures, and writes what came out as a document: a stack that Tandem runs beside one that was configured by hand,
/// or, with `monitoring`, `mysql`, `failover` or `patroni` as the first argument, what monitoring costs, MySQL clients,
/// changes of primary, or these beside Patroni's.
@main
struct Benchmarks {
    static func main() {
        do {
            try measure()
        } catch let problem as UsageProblem {
            FileHandle.standardError.write(Data("Benchmarks: \(problem)\n".utf8))
            exit(2)
        } catch {
            FileHandle.standardError.write(Data("Benchmarks: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func measure() throws {
        if CommandLine.arguments.dropFirst().first == "mysql" {
            return try MySQLComparison(options: .init(CommandLine.arguments.dropFirst(2))).run()
        }
        if CommandLine.arguments.dropFirst().first == "failover" {
            return try FailoverBenchmark(options: .init(CommandLine.arguments.dropFirst(2))).run()
        }
        if CommandLine.arguments.dropFirst().first == "patroni" {
            let options = try FailoverOptions(CommandLine.arguments.dropFirst(2))
            return try PatroniComparison(options: options, place: PatroniPlace()).run()
        }
        if CommandLine.arguments.dropFirst().first == "monitoring" {
            var options = Options()
            // Each monitor asks the hosts every 15 s.
            (options.rounds, options.seconds) = (6, 30)
            try options.read(CommandLine.arguments.dropFirst(2))
            return try MonitoringCost(options: options).run()
        }
        let options = try Options(CommandLine.arguments.dropFirst())
        Machine.waitUntilIdle()
        let loadBefore = Machine.load()
        let stack = try TandemStack(program: options.tandem, app: options.conduit)
        defer { stack.remove() }
        say("check and render of a stack of 1,000 hosts")
        let largeStack = try LargeStack.measure(program: options.tandem, repetitions: options.repetitions)
        say("first up, down, later up: \(options.repetitions) times")
        let lifecycle = try Lifecycle.measure(stack, repetitions: options.repetitions)
        try stack.run("up", "--detach")
        say("idle for \(options.idleSeconds) s")
        let idle = try Idle.measure(stack, seconds: options.idleSeconds)
        say("requests: \(options.rounds) rounds of \(options.seconds) s for each contender and workload")
        let requests = try Requests.measure(stack, options: options)
        let report = Report(
            options: options,
            machine: try Machine.current(versions: stack.versions(), loadBefore: loadBefore), largeStack: largeStack,
            lifecycle: lifecycle, idle: idle, requests: requests)
        try Page.replace("stack", with: report.text(), in: options.output)
        say("wrote \(options.output)")
    }
}

struct Options {
    var tandem = ""
    var conduit = ""
    var output = ""
    var rounds = 7
    var seconds = 5
    var connections = 64
    var repetitions = 3
    var idleSeconds = 60

    init() {}

    init(_ arguments: some Sequence<String>) throws { try read(arguments) }

    mutating func read(_ arguments: some Sequence<String>) throws {
        var iterator = arguments.makeIterator()
        while let name = iterator.next() {
            guard let value = iterator.next() else { throw UsageProblem("\(name) needs a value") }
            switch name {
            case "--tandem": tandem = value
            case "--conduit": conduit = value
            case "--output": output = value
            case "--rounds": rounds = try number(value, name)
            case "--seconds": seconds = try number(value, name)
            case "--connections": connections = try number(value, name)
            case "--repetitions": repetitions = try number(value, name)
            case "--idle": idleSeconds = try number(value, name)
            default: throw UsageProblem("unknown option \(name)")
            }
        }
    }

    private func number(_ text: String, _ name: String) throws -> Int {
        guard let number = Int(text), (1...3600).contains(number) else {
            throw UsageProblem("\(name) expects a number from 1 to 3600, found \(text)")
        }
        return number
    }
}

/// What is wrong with the arguments.
struct UsageProblem: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

/// Why a measurement cannot go on.
struct Failure: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

func say(_ text: String) {
    FileHandle.standardError.write(Data("== \(text)\n".utf8))
}
