import TandemAgent
import TandemStack

/// The right to change a stack: one command line at a time has it, the next one waits.
package struct ChangeLock: Sendable {
    package let project: Project

    package init(project: Project) { self.project = project }

    /// Longer than a start takes, or a change that goes through several hosts.
    private static let patience = Duration.seconds(600)

    /// Held for as long as the lock lives.
    package func take() async throws -> FileLock {
        let deadline = ContinuousClock.now + Self.patience
        var hasSaid = false
        while true {
            if let lock = try FileLock(path: project.folder.changeLock) { return lock }
            guard ContinuousClock.now < deadline else {
                throw Failure(
                    .failed,
                    "another `tandem` has been changing the stack '\(project.stack.name)' for 10 minutes; "
                        + "wait for it, or end it")
            }
            if !hasSaid { Terminal.line("another `tandem` is changing \(project.stack.name); waiting for it") }
            hasSaid = true
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}
