import Foundation

/// `tandem open --dashboard`: the live page, until it is told to end.
struct LivePage: Sendable {
    let project: Project
    let port: Int

    func run() async throws {
        let project = project
        let port = port
        do {
            try await StopSignals.runUntilToldToStop {
                let feed = PageFeed()
                let server = PageServer(feed: feed, port: port) { link in
                    // Not `print`, which keeps it back where somebody reads it through a pipe.
                    Terminal.write("\(link)\n", to: .standardOutput)
                    Terminal.line("The link opens the page once, in one browser. Ctrl-C ends it; the stack goes on.")
                    Desktop.show(link)
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await server.run() }
                    group.addTask { try await PagePoll(project: project, feed: feed).run() }
                    defer {
                        feed.end()
                        group.cancelAll()
                    }
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
