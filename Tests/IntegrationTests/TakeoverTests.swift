import Foundation
import Glibc
import Testing

extension IntegrationTests {
    @Test("up takes over a stack of which one app is broken: it says which, and all else goes on")
    func takeoverOfBroken() async throws {
        let stack = try TrialStack(
            "itbroken", "app:\n  run: \"[ ! -e broken-$TANDEM_HOST ] && exec '\(TrialStack.conduit)'\"")
        do {
            try await stack.succeed("up", "--detach")
            let whole = try await stack.status()
            try "".write(toFile: "\(stack.folder)/broken-server2", atomically: true, encoding: .utf8)
            kill(-(try #require(try whole.service("app", on: "server2").pid)), SIGKILL)
            let before = try await stack.waitUntil("the app has failed") {
                try $0.service("app", on: "server2").state == "failed"
            }
            let supervisors = [try #require(before.keeper.pid)] + before.hosts.compactMap(\.agent.pid)
            // All at once: an agent that outlives the keeper for a moment starts another one.
            for signal in [SIGSTOP, SIGKILL] { for pid in supervisors { kill(pid, signal) } }
            let up = try await stack.tandem("up", "--detach")
            #expect(up.status == 1)
            #expect(up.errors.contains("app on server2 failed:\nit exited with status 1"), "\(up.errors)")
            #expect(up.errors.contains("All else goes on."), "\(up.errors)")
            let after = try await stack.status()
            #expect(after.keeper.state == "up" && after.hosts.allSatisfy { $0.agent.state == "up" })
            for host in ["lb1", "lb2", "server1", "server2"] {
                let served = try before.host(host).services.filter { $0.name != "app" || host == "server1" }
                for service in served {
                    #expect(try after.service(service.name, on: host).pid == service.pid, "\(service.name) on \(host)")
                }
            }
            #expect(try await Curl.get("\(after.url)/api/articles").status == 200)
            try FileManager.default.removeItem(atPath: "\(stack.folder)/broken-server2")
            // Otherwise it rests for half a minute before it is tried again.
            try await stack.succeed("restart", "server2/app")
            _ = try await stack.waitUntilUp { _ in true }
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    @Test("an up that waits for another and is interrupted stops nothing of the other's")
    func interruptedWhileWaiting() async throws {
        let stack = try TrialStack("itwaits", "app:\n  run: '\(TrialStack.conduit)'")
        do {
            async let first = stack.succeed("up", "--detach")
            try await Task.sleep(for: .milliseconds(700))
            let second = Task { try await stack.tandem("up") }
            try await Task.sleep(for: .seconds(1))
            second.cancel()
            _ = await second.result
            _ = try await first
            let status = try await stack.status()
            #expect(status.state == "up")
            #expect(try await Curl.get("\(status.url)/api/articles").status == 200)
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }
}
