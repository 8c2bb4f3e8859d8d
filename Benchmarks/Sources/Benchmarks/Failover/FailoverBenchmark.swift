import Foundation

/// Changes of primary, by faults and as planned, as users feel them.
struct FailoverBenchmark {
    let options: FailoverOptions

    /// Of the example app; reads are few, since the writes are what is looked at.
    static let stackFile = """
        drill:
          read: /api/tags
          write: /api/articles
          body: '{"article":{"title":"drill {run} {number}","description":"drill","body":"{text}","tagList":[]}}'
          content_type: application/json
          check: "/api/articles?limit=100&offset={offset}"
          check_step: 100

        """

    func run() throws {
        try FileManager.default.createDirectory(atPath: options.results, withIntermediateDirectories: true)
        let stack = try TandemStack(program: options.tandem, app: options.conduit, more: Self.stackFile)
        defer { stack.remove() }
        let series = FailoverSeries(stack: stack, options: options)
        if options.repeats > 0 {
            try stack.run("up", "--detach")
            try series.measure()
        }
        let runs = try FailoverFault.allCases.map { (fault: $0, runs: try series.runs($0)) }.filter { !$0.runs.isEmpty }
        guard !runs.isEmpty else { throw Failure("there are no results in \(options.results)") }
        let picture = try draw(runs.first { $0.fault == .kill }?.runs ?? [])
        let report = FailoverReport(
            machine: try Machine.current(versions: stack.versions()), runs: runs, picture: picture)
        try Page.replace("failover", with: report.text(), in: options.output)
        say("wrote \(options.output)")
    }

    /// The run in the middle.
    private func draw(_ runs: [FailoverRun]) throws -> String? {
        let sorted = runs.filter { $0.longestPause != nil && $0.opened != nil }.sorted { $0.pause < $1.pause }
        guard !sorted.isEmpty, !options.picture.isEmpty else { return nil }
        try FailoverPicture(run: sorted[sorted.count / 2]).svg.write(
            toFile: options.picture, atomically: true, encoding: .utf8)
        let folder = URL(fileURLWithPath: options.output).deletingLastPathComponent().path + "/"
        return options.picture.hasPrefix(folder) ? String(options.picture.dropFirst(folder.count)) : options.picture
    }
}
