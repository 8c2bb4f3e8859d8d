import ArgumentParser
import TandemAgent
import TandemOperator
import TandemStack
import TandemTopology

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Reads the stack file and says what is wrong with it; starts nothing.",
        discussion: "Exit status 3 when the file is wrong; with --no-spof 1 when there is a single point of failure.")

    @OptionGroup var project: ProjectOptions
    @OptionGroup var output: FormatOptions
    @Flag(help: "Also name every process and host whose loss alone would stop reads or writes.")
    var noSpof = false

    func run() async throws {
        let project = try Project.load(project)
        try await project.placingProblems { try project.checkPublicFolders() }
        try ProjectReach.check(project)
        guard noSpof else {
            try output.write(project.stack) { "\(summary(project))\n" }
            return
        }
        let placement = PlacementReader(stack: project.stack, folder: project.folder, client: nil).recorded
        let report = SinglePointReport(
            stack: project.stack.name,
            points: SinglePoints(stack: project.stack, primary: placement?.primary)
                .found)
        try output.write(report) { "\(summary(project))\n\n\(report.text)" }
        if !report.singlePoints.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private func summary(_ project: Project) -> String {
        let hosts = project.stack.hosts.count
        let text =
            "\(project.stackFile): the stack '\(project.stack.name)' is fine: \(hosts) \(hosts == 1 ? "host" : "hosts")"
        guard !project.stack.isOnThisMachine else { return text }
        return text
            + "\nIts hosts are other machines: `tandem doctor` says over SSH whether they are fit, `tandem up` starts the stack there."
    }
}

/// What `tandem check --no-spof --format json` says.
struct SinglePointReport: Encodable {
    var stack: String
    var singlePoints: [SinglePoint]

    init(stack: String, points: [SinglePoint]) {
        self.stack = stack
        singlePoints = points
    }

    var text: String {
        guard !singlePoints.isEmpty else {
            return "No single point of failure: any process and any host may be lost.\n"
        }
        let count = singlePoints.count
        let width = singlePoints.map(\.name.count).max() ?? 0
        let lines = singlePoints.map { point in
            let stops = point.stops.map(\.rawValue).joined(separator: ", ")
            return
                "  \(StepPrinter.padded(point.name, width))  \(stops)\n      \(point.reason)\n      → \(point.remedy)\n"
        }
        return "\(count) single \(count == 1 ? "point" : "points") of failure, and what stops with each:\n"
            + lines.joined()
    }
}
