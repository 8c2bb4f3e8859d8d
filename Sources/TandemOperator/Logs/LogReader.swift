import Foundation
import TandemAgent
import TandemBlueprint
import TandemStack

/// The logs of all hosts as one, in order of time, coloured by host.
package struct LogReader: Sendable {
    package static let serviceNames =
        ServiceName.allCases.filter { ServiceDescription(of: $0).hasLog }.map(\.rawValue)
        + [AlertCommand.name, "prepare", "agent"]

    /// Further instances of the app, which `app` means too.
    static func instanceNames(_ stack: Stack) -> [String] { (1..<stack.app.instances).map { "app-\($0 + 1)" } }

    /// Names beside the hosts', the workers' and jobs' among them.
    package static func names(_ stack: Stack) -> [String] {
        serviceNames + instanceNames(stack) + stack.app.workers.map(\.name) + stack.app.jobs.map(\.name)
    }

    private static let pollInterval = Duration.milliseconds(150)
    /// Readable on light and dark grounds.
    private static let colors = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94]

    package let applied: AppliedStack
    package let folder: StackFolder
    /// A service or a host; nil: everything.
    let only: String?
    /// Whose logs are read; nil: all.
    package var hosts: Set<String>?
    /// Whether each line begins with its time, in seconds since 1970, and a tab.
    package var hasTimes = false

    package init(
        applied: AppliedStack, folder: StackFolder, only: String?, hosts: Set<String>? = nil, hasTimes: Bool = false
    ) {
        self.applied = applied
        self.folder = folder
        self.only = only
        self.hosts = hosts
        self.hasTimes = hasTimes
    }

    /// Writes the last lines to standard output.
    package func show(lines: Int) {
        var sources = sources()
        write(newest(&sources), last: lines)
    }

    /// What `show` writes.
    package func text(lines: Int, style: Style) -> String {
        var sources = sources()
        return text(newest(&sources), last: lines, style: style)
    }

    /// The same, and goes on until the task is cancelled.
    package func follow(linesBefore lines: Int) async {
        var sources = sources()
        write(newest(&sources), last: lines)
        await follow(sources)
    }

    /// Goes on with what is written from now on, whenever that begins.
    package func following() -> @Sendable () async -> Void {
        var sources = sources()
        _ = newest(&sources)
        return { [self, sources] in await follow(sources) }
    }

    private func follow(_ sources: [LogSource]) async {
        var sources = sources
        while !Task.isCancelled {
            // Files appear when services start.
            let known = Set(sources.map { "\($0.host)/\($0.service)" })
            sources += self.sources().filter { !known.contains("\($0.host)/\($0.service)") }
            write(newest(&sources), last: .max)
            try? await Task.sleep(for: Self.pollInterval)
        }
    }

    private typealias Entry = (host: String, service: String, line: LogSource.Line)

    /// The lines that are new in all sources, in order of time.
    private func newest(_ sources: inout [LogSource]) -> [Entry] {
        let localOffset = TimeZone.current.secondsFromGMT()
        var entries: [Entry] = []
        for index in sources.indices {
            let lines = sources[index].newLines(localOffset: localOffset)
            entries += lines.map { (sources[index].host, sources[index].service, $0) }
        }
        // Stable: lines of one file keep their order, also where times are equal.
        return entries.enumerated().sorted { ($0.element.line.time, $0.offset) < ($1.element.line.time, $1.offset) }
            .map(\.element)
    }

    private func write(_ entries: [Entry], last count: Int) {
        guard !entries.isEmpty, count > 0 else { return }
        FileHandle.standardOutput.write(
            Data(text(entries, last: count, style: Style(isColored: Terminal.isOutputColored)).utf8))
    }

    private func text(_ entries: [Entry], last count: Int, style: Style) -> String {
        let hosts = applied.stack.hosts.map(\.name)
        let width = hosts.map(\.count).max() ?? 0
        return entries.suffix(count).map { entry in
            let color = Self.colors[(hosts.firstIndex(of: entry.host) ?? 0) % Self.colors.count]
            let label = StepPrinter.padded(entry.host, width) + " " + StepPrinter.padded(entry.service, 12)
            let time = hasTimes ? "\(entry.line.time)\t" : ""
            return time + style.paint("\(label) │", color) + " \(Terminal.printable(entry.line.text))\n"
        }.joined()
    }

    private func sources() -> [LogSource] {
        applied.stack.hosts.filter { hosts?.contains($0.name) != false }.flatMap { host in
            let logs = folder.logs(host.name)
            let names = ((try? FileManager.default.contentsOfDirectory(atPath: logs)) ?? []).sorted()
            return names.filter { $0.hasSuffix(".log") }.compactMap { name -> LogSource? in
                let service = String(name.dropLast(4))
                guard isWanted(host: host.name, service: service) else { return nil }
                return LogSource(host: host.name, service: service, path: "\(logs)/\(name)")
            }
        }
    }

    /// `app` also means `app-2`, `nginx` also `nginx-access`.
    private func isWanted(host: String, service: String) -> Bool {
        guard let only else { return service != "agent" }
        return only == host || only == service || service.hasPrefix("\(only)-")
    }
}
