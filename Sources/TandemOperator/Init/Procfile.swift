import TandemStack

/// `TYPE: COMMAND`, a line for each kind of process, as Heroku and its kin read it.
struct Procfile {
    private let lines: [(type: String, command: String)]

    /// All lines but `web` and `release`, under names that a stack file takes.
    let workers: [ProjectKind.Worker]
    /// The types whose names no worker can have.
    let strangers: [String]
    /// Those beyond the most that a stack has.
    let surplus: [String]

    init(_ text: String) {
        lines = text.split(whereSeparator: \.isNewline).compactMap { line in
            line.firstMatch(of: /^([A-Za-z0-9_-]+):\s*(\S.*?)\s*$/).map { (String($0.1), String($0.2)) }
        }
        let others = lines.filter { $0.type != "web" && $0.type != "release" }
        var names = WorkerNames(types: others.map(\.type))
        var all: [ProjectKind.Worker] = []
        var (strangers, surplus): ([String], [String]) = ([], [])
        for line in others {
            if Worker.name(like: line.type) == nil {
                strangers.append(line.type)
            } else if all.count < Worker.most, let name = names.next(like: line.type) {
                all.append(.init(name: name, command: line.command, isOnOneHost: Self.schedulers.contains(line.type)))
            } else {
                surplus.append(line.type)
            }
        }
        (workers, self.strangers, self.surplus) = (all, strangers, surplus)
    }

    /// What starts work at given times, which must not be done by two hosts.
    private static let schedulers: Set = ["beat", "clock", "cron", "scheduler"]

    /// What serves requests.
    var web: String? { lines.first { $0.type == "web" }?.command }
    /// What is done once before a new version starts.
    var release: String? { lines.first { $0.type == "release" }?.command }
}

/// Names for workers, each given once: of `mail_queue` and `mail-queue`, the second becomes `mail-queue-2`.
private struct WorkerNames {
    /// What a line that comes later is called by itself is not given to another one.
    private let own: Set<String>
    private var given: Set<String> = []

    init(types: [String]) { own = Set(types.compactMap(Worker.name(like:))) }

    mutating func next(like type: String) -> String? {
        guard let wanted = Worker.name(like: type) else { return nil }
        let name = given.contains(wanted) ? other(than: wanted) : wanted
        if let name { given.insert(name) }
        return name
    }

    private func other(than name: String) -> String? {
        for number in 2...(Worker.most + 1) {
            // A long one is cut, so that the number has room.
            for length in stride(from: name.count, to: 0, by: -1) {
                guard let other = Worker.name(like: "\(name.prefix(length))-\(number)") else { continue }
                if !given.contains(other), !own.contains(other) { return other }
                break
            }
        }
        return nil
    }
}
