import Foundation
import Glibc
import TandemDrill
import TandemServices

/// Starts the child that undoes a fault when the drill is gone.
package enum HealerProcess {
    /// The number under which the child finds the pipe.
    package static let descriptor: Int32 = 3

    /// - Parameter log: what the child has to say goes there.
    static func start(project: Project, log: String) throws -> HealerPipe {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw Failure(.failed, "cannot make a pipe for the drill: \(String(cString: strerror(errno)))")
        }
        // Nothing is being started yet that could take a copy along.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        var environment = ProcessInfo.processInfo.environment
        environment[ProcessIdentity.markVariable] = nil
        do {
            let child = try RunningProcess.start(
                ProcessSpecification(
                    command: [OwnProgram.path, "drill-healer", "--file", project.stackFile],
                    environment: environment, workingDirectory: "/", logFile: log,
                    descriptors: [descriptor: ends[0]]))
            // Whoever starts a process has to take note of its end.
            Task.detached { _ = await child.waitForEnd() }
        } catch {
            close(ends[1])
            throw error
        }
        return HealerPipe(descriptor: ends[1])
    }
}
