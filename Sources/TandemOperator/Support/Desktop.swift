import Foundation
import TandemServices

/// The desktop that this command line was called from, if any.
package struct Desktop {
    package var environment: [String: String]
    var isRoot: Bool

    /// The program that shows an address in the user's browser; nil where there is no desktop. A browser is no program
    /// to run as root.
    var opener: String? {
        let hasDisplay = ["DISPLAY", "WAYLAND_DISPLAY"].contains { environment[$0]?.isEmpty == false }
        guard hasDisplay, !isRoot else { return nil }
        let folders = (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        return folders.map { "\($0)/xdg-open" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// In the user's browser, where there is a desktop.
    package static func show(_ url: String) {
        let desktop = Desktop(environment: ProcessInfo.processInfo.environment, isRoot: geteuid() == 0)
        guard let opener = desktop.opener else { return }
        do {
            try desktop.open(url, with: opener)
        } catch {
            // The address was said; that is all that was promised.
            Terminal.line("no browser was opened: \(error)")
        }
    }

    /// Does not wait: a browser may be that process itself, and stays.
    package func open(_ url: String, with opener: String) throws {
        let log = "\(NSTemporaryDirectory())/tandem-open-\(UUID().uuidString)"
        defer { unlink(log) }
        _ = try RunningProcess.start(
            ProcessSpecification(
                command: [opener, url], environment: environment, workingDirectory: "/", logFile: log))
    }
}
