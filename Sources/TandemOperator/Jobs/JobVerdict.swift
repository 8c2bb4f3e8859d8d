import TandemStack
import TandemTopology

/// What the answers about a run mean for whoever waits for its end.
enum JobVerdict: Equatable {
    case goesOn
    case succeeded
    /// Completes "it …".
    case failed(String)

    /// - Parameter id: of the run that is waited for.
    init(_ report: JobReport, id: String) {
        guard report.id == id else {
            self = .failed("ended, and another run began at \(report.began) before anybody asked how")
            return
        }
        switch report.state {
        case .waiting, .running: self = .goesOn
        case .succeeded: self = .succeeded
        case .failed, .lost: self = .failed(report.detail ?? "failed")
        }
    }

    /// - Throws: `Failure` with status 2 where no job has that name.
    static func check(_ name: String, among jobs: [Job]) throws {
        let names = jobs.map(\.name)
        guard !names.contains(name) else { return }
        guard !names.isEmpty else {
            throw Failure(.usage, "the stack has no jobs; they stand under app: jobs, and are there after: tandem up")
        }
        let near = NearestWord.find(name, among: names).map { "; did you mean '\($0)'?" } ?? ""
        throw Failure(
            .usage,
            "there is no job named '\(Terminal.printable(name))'\(near)\nThere are: \(names.joined(separator: ", "))")
    }
}
