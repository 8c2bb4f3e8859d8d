import Foundation
import Glibc
import Testing

/// The live page in a real browser: `TANDEM_TEST_LONG=1 bin/test --filter pageInBrowser`, where Debian's chromium is
/// installed.
extension IntegrationTests {
    private static var isWanted: Bool { ProcessInfo.processInfo.environment["TANDEM_TEST_LONG"]?.isEmpty == false }

    @Test(
        "a browser shows the live page at once, a new primary without being asked to, and goes on when an agent is lost",
        .enabled(if: isWanted, "long; TANDEM_TEST_LONG=1 runs it"),
        .enabled(if: Browser.program != nil, "there is no chromium here: apt-get install chromium"))
    func pageInBrowser() async throws {
        let stack = try TrialStack("itbrowser", "app:\n  run: '\(TrialStack.conduit)'")
        do {
            try await stack.succeed("up", "--detach")
            let dashboard = try Dashboard(stack)
            defer { dashboard.end() }
            for _ in 0..<200 where dashboard.link == nil { try await Task.sleep(for: .milliseconds(50)) }
            let link = try #require(dashboard.link)
            let browser = try await Browser(folder: stack.folder)
            defer { browser.end() }
            try await checkFirstPaint(browser, link)
            try await checkFailover(browser, stack)
            try await checkLostAgent(browser, stack)
            #expect(browser.complaints.isEmpty, "\(browser.complaints)")
            // And one would have been heard.
            let _: Bool? = try await browser.value(
                "console.error('a trial'), document.body.setAttribute('style', 'color: red'), true")
            _ = try await browser.wait("nothing", for: "true", within: .seconds(5))
            #expect(browser.complaints.contains { $0.contains("a trial") })
            #expect(browser.complaints.contains { $0.contains("Content Security Policy") }, "\(browser.complaints)")
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    private static let writes = "document.getElementById('writes').textContent"

    private func checkFirstPaint(_ browser: Browser, _ link: String) async throws {
        try await browser.open(link)
        _ = try await browser.wait("the stack", for: "\(Self.writes).includes('Primary ')", within: .seconds(30))
        #expect(try await browser.value("location.pathname + location.search") == "/", "the link's token is gone")
        let paint: Double? = try await browser.value(
            "(performance.getEntriesByType('paint').find(entry => entry.name === 'first-contentful-paint') || {}).startTime"
        )
        let first = try #require(paint)
        print("browser: first paint after \(Int(first)) ms")
        // Another load would forget it.
        let _: Bool? = try await browser.value("window.tandemTrial = true")
    }

    private func checkFailover(_ browser: Browser, _ stack: TrialStack) async throws {
        let primary = try #require(try await stack.status().database?.primary)
        let pid = try #require(try await stack.status().service("mysql", on: primary).pid)
        try #require(kill(pid, SIGKILL) == 0)
        async let told = Self.time(untilNotLed: stack, by: primary)
        let shown = try await browser.wait(
            "the new primary", for: "/^Primary /.test(\(Self.writes)) && !\(Self.writes).includes('\(primary)')",
            within: .seconds(20))
        print(
            "browser: a new primary on the page \(shown) after the old one was killed, in status after \(try await told)"
        )
        #expect(try await browser.value("window.tandemTrial === true") == true, "the page was loaded anew")
        _ = try await browser.wait(
            "what happened", for: "document.getElementById('events').innerText.includes('\(primary)')",
            within: .seconds(30))
    }

    /// How long it takes until `status` names another primary.
    private static func time(untilNotLed stack: TrialStack, by primary: String) async throws -> Duration {
        let begin = ContinuousClock.now
        while ContinuousClock.now - begin < .seconds(20) {
            if let now = try await stack.status().database?.primary, now != primary { break }
        }
        return ContinuousClock.now - begin
    }

    /// Without its key it cannot be started again.
    private func checkLostAgent(_ browser: Browser, _ stack: TrialStack) async throws {
        let key = "\(stack.stateFolder)/run/lb1/agent-key.pem"
        try FileManager.default.moveItem(atPath: key, toPath: "\(key).away")
        let agent = try #require(try await stack.status().host("lb1").agent.pid)
        try #require(kill(agent, SIGKILL) == 0)
        let silent = try await browser.wait(
            "the silent agent",
            for:
                "[...document.querySelectorAll('.host')].some(host => host.innerText.includes('agent silent') && host.innerText.includes('lb1'))",
            within: .seconds(20))
        print("browser: the page told of the lost agent after \(silent)")
        let clock: String? = try await browser.value("document.getElementById('clock').textContent")
        _ = try await browser.wait(
            "that it goes on", for: "document.getElementById('clock').textContent !== '\(clock ?? "")'",
            within: .seconds(10))
        #expect(try await browser.value("document.getElementById('gone').hidden") == true)
        try FileManager.default.moveItem(atPath: "\(key).away", toPath: key)
        _ = try await browser.wait(
            "that it is there again", for: "!document.body.innerText.includes('agent silent')", within: .seconds(60))
    }
}
