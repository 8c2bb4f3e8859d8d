/// What `Benchmarks failover` is told.
struct FailoverOptions {
    var tandem = ""
    var conduit = ""
    var output = ""
    /// Where each run's result is kept, so that a series that was cut short goes on.
    var results = ""
    var picture = ""
    var repeats = 30
    var faults = FailoverFault.allCases

    init(_ arguments: some Sequence<String>) throws {
        var iterator = arguments.makeIterator()
        while let name = iterator.next() {
            guard let value = iterator.next() else { throw UsageProblem("\(name) needs a value") }
            switch name {
            case "--tandem": tandem = value
            case "--conduit": conduit = value
            case "--output": output = value
            case "--results": results = value
            case "--picture": picture = value
            case "--repeat":
                guard let number = Int(value), (0...1000).contains(number) else {
                    throw UsageProblem("--repeat expects a number from 0 to 1000, found \(value)")
                }
                repeats = number
            case "--only":
                faults = try value.split(separator: ",").map { word in
                    guard let fault = FailoverFault(rawValue: String(word)) else {
                        let all = FailoverFault.allCases.map(\.rawValue).joined(separator: ", ")
                        throw UsageProblem("--only: there is no '\(word)'; there are: \(all)")
                    }
                    return fault
                }
            default: throw UsageProblem("unknown option \(name)")
            }
        }
    }
}

/// What is done to the stack.
enum FailoverFault: String, CaseIterable, Codable {
    case kill
    case host
    case freeze
    case switchover
    case replica

    var title: String {
        switch self {
        case .kill: "the primary's mysqld is killed"
        case .host: "the primary's whole host is killed: mysqld, nginx, app, router, etcd, agent"
        case .freeze: "the primary's mysqld is frozen"
        case .switchover: "planned change of primary"
        case .replica: "the partner's mysqld is killed, and comes back"
        }
    }

    /// In seconds: the median and the worst pause that we want.
    var target: String {
        switch self {
        case .kill: "0.5 / 2"
        case .host, .freeze: "2 / 4"
        case .switchover: "0.1 / 0.5"
        case .replica: "– / 1.5"
        }
    }

    var changesPrimary: Bool { self != .replica }

    /// As `tandem drill` calls it.
    func name(primary: String, replica: String) -> String {
        switch self {
        case .kill: "kill \(primary)/mysql"
        case .host: "kill \(primary)"
        case .freeze: "freeze \(primary)/mysql"
        case .switchover: "switchover"
        case .replica: "kill \(replica)/mysql"
        }
    }
}
