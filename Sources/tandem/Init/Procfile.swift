import TandemStack

/// `TYPE: COMMAND`, a line for each kind of process, as Heroku and its kin read it.
struct Procfile {
    private let lines: [(type: String, command: String)]

    init(_ text: String) {
        lines = text.split(whereSeparator: \.isNewline).compactMap { line in
            line.firstMatch(of: /^([A-Za-z0-9_-]+):\s*(\S.*?)\s*$/).map { (String($0.1), String($0.2)) }
        }
    }

    /// What serves requests.
    var web: String? { lines.first { $0.type == "web" }?.command }
    /// What is done once before a new version starts.
    var release: String? { lines.first { $0.type == "release" }?.command }

    private var others: [(type: String, command: String)] {
        lines.filter { $0.type != "web" && $0.type != "release" }
    }

    /// All else, under names that a stack file takes.
    var workers: [ProjectKind.Variable] {
        var workers: [ProjectKind.Variable] = []
        for line in others {
            guard let name = Worker.name(like: line.type), !workers.contains(where: { $0.name == name }) else {
                continue
            }
            workers.append(.init(name: name, value: line.command))
        }
        return Array(workers.prefix(Worker.most))
    }

    /// Those that cannot become workers under their own names.
    var strangers: [String] { others.map(\.type).filter { Worker.name(like: $0) == nil } }
}
