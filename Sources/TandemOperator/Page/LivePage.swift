import Foundation

/// `tandem open --dashboard`: the live page, until it is told to end.
package enum LivePage {
    /// Of a stack of this machine.
    package static func run(_ project: Project, port: Int) async throws {
        let feed = PageFeed()
        try await serve(port: port, listen: { feed.listen() }) {
            defer { feed.end() }
            try await PagePoll(project: project, feed: feed).run()
        }
    }

    /// - Parameter poll: runs beside the server, which ends when it does.
    static func serve(
        port: Int, listen: @escaping @Sendable () -> AsyncStream<String>?,
        poll: @escaping @Sendable () async throws -> Void
    ) async throws {
        do {
            try await StopSignals.runUntilToldToStop {
                let server = PageServer(listen: listen, port: port) { link in
                    // Not `print`, which keeps it back where somebody reads it through a pipe.
                    Terminal.write("\(link)\n", to: .standardOutput)
                    Terminal.line("The link opens the page once, in one browser. Ctrl-C ends it; the stack goes on.")
                    Desktop.show(link)
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await server.run() }
                    group.addTask { try await poll() }
                    defer { group.cancelAll() }
                    try await group.next()
                }
            }
        } catch let error as CancellationError {
            throw error
        } catch let error as Failure {
            throw error
        } catch {
            throw Failure(.failed, "could not serve the page on 127.0.0.1:\(port): \(error)")
        }
    }
}
