import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TandemBlueprint
import TandemPKI
import TandemServices
import TandemStack
import Testing

@testable import TandemAgent

@Suite("A command for alerts")
struct AlertCommandTests {
    static func message(_ status: String, _ alerts: [(status: String, host: String)]) -> String {
        let list = alerts.map { alert in
            """
            {"status": "\(alert.status)", "labels": {"alertname": "ServiceDown", "host": "\(alert.host)", "severity": "ticket"},
             "annotations": {"summary": "nginx on \(alert.host) does not run.", "next": "tandem logs nginx"}}
            """
        }.joined(separator: ", ")
        return """
            {"version": "4", "status": "\(status)", "receiver": "command", "groupLabels": {"alertname": "ServiceDown"}, "alerts": [\(list)]}
            """
    }

    static func read(_ text: String) throws -> AlertMessage { try JSONText.decode(AlertMessage.self, from: text.utf8) }

    @Test("is told of what a message is about")
    func environment() throws {
        let told = try Self.read(
            Self.message("firing", [("firing", "server1"), ("resolved", "server2"), ("firing", "server3")])
        ).environment
        #expect(
            told == [
                "TANDEM_ALERT": "ServiceDown", "TANDEM_STATUS": "firing", "TANDEM_SEVERITY": "ticket",
                "TANDEM_HOST": "server1 server3",
                "TANDEM_SUMMARY": "nginx on server1 does not run. nginx on server3 does not run.",
                "TANDEM_NEXT": "tandem logs nginx",
            ])
        let over = try Self.read(Self.message("resolved", [("resolved", "server2")])).environment
        #expect(over["TANDEM_STATUS"] == "resolved" && over["TANDEM_HOST"] == "server2")
        let bare = try Self.read(#"{"status": "x", "groupLabels": {}, "alerts": []}"#).environment
        #expect(bare["TANDEM_ALERT"] == "" && bare["TANDEM_STATUS"] == "firing" && bare["TANDEM_SUMMARY"] == "")
    }

    @Test("is told nothing that ends a variable, orders a terminal about, or fills the environment")
    func hostile() throws {
        let long = String(repeating: "ü", count: 100_000)
        let text =
            #"{"status": "firing", "groupLabels": {"alertname": "a\u0000b\nc\u001b[2J"}, "alerts": [{"status": "firing", "labels": {}, "annotations": {"summary": "\#(long)"}}]}"#
        let told = try Self.read(text).environment
        #expect(told["TANDEM_ALERT"] == "a b c [2J")
        #expect((told["TANDEM_SUMMARY"] ?? "").utf8.count < 2010)
    }

    @Test("runs once for a message, with all of it on its standard input, and its output in its log")
    func runs() async throws {
        let place = try Place("cat > input; echo \"$TANDEM_ALERT of $TANDEM_STACK on $TANDEM_HOST is $TANDEM_STATUS\"")
        // More than a pipe takes.
        let body = Self.message("firing", [("firing", "server1")]) + String(repeating: " ", count: 300_000)
        try await place.run(body)
        #expect(place.folder.text("input") == body)
        let log = place.log
        #expect(log.contains("ServiceDown of shop on server1 is firing\n"))
        #expect(log.contains("tandem: ServiceDown (firing): the command has run\n"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.records).isEmpty)
    }

    @Test("has failed where it ends otherwise, cannot begin, or does not end in time; and then all of it is ended")
    func fails() async throws {
        for (command, bound, what) in [
            ("exit 3", 20, "exited with status 3"), ("./nothing", 20, "exited with status 127"),
            ("sleep 1000 & echo $! > child; sleep 1000", 1, "did not end within 1 s and was ended"),
        ] {
            let place = try Place(command, bound: .seconds(bound))
            let error = await #expect(throws: StateError.self) {
                try await place.run(Self.message("firing", [("firing", "server1")]))
            }
            let said = error?.description ?? ""
            #expect(said.contains(what), "\(command): \(said)")
            #expect(place.log.contains(what), "\(command)")
            if let child = Int32(place.folder.text("child").filter(\.isNumber)) {
                try await eventually("what it had begun has ended") { ProcessIdentity(pid: child)?.isAlive != true }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: place.records).isEmpty)
        }
    }

    @Test("runs a few times at once and no more, and none ends another one's processes")
    func bounds() async throws {
        let place = try Place("echo x >> begun; while [ ! -e go ]; do sleep 0.05; done; echo x >> ended")
        let body = Self.message("firing", [("firing", "server1")])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 1...AlertCommandRunner.most { group.addTask { try await place.run(body) } }
            try await eventually("all have begun") {
                place.folder.text("begun").count(where: { $0 == "x" }) == AlertCommandRunner.most
            }
            await #expect(throws: StateError.self) { try await place.run(body) }
            try place.folder.put("go", "")
            try await group.waitForAll()
        }
        #expect(place.folder.text("ended").count(where: { $0 == "x" }) == AlertCommandRunner.most)
        try await place.run(body)
    }

    @Test("is run for the monitor of the agent's own host, and for nobody else")
    func callers() async throws {
        let place = try Place("echo x >> begun; exit $(cat status)")
        try place.folder.put("status", "0")
        let route = AlertRoute(stack: "shop", host: "server1", runner: place.runner)
        func code(_ kind: CertificateIdentity.Kind?, _ host: String, _ body: String) async throws -> UInt {
            let server = try await AgentAPIServer(alerts: route)
            var shown: (String, String)?
            if let kind {
                let identity = CertificateIdentity(
                    stack: "shop", kind: kind, host: kind == .commandLine ? nil : host)
                shown = try server.signed(identity, byAgents: true, names: ["\(host).x.shop.tandem.internal"])
            }
            let answer = Answer()
            try await server.run(showing: shown) { client in
                var request = HTTPClientRequest(url: "https://\(AgentAPIServer.host.address):\(server.port)/alerts")
                request.method = .POST
                request.body = .bytes(ByteBuffer(string: body))
                await answer.set(try await client.execute(request, timeout: .seconds(20)).status.code)
            }
            return await answer.code
        }
        let body = Self.message("firing", [("firing", "server1")])
        for (kind, host) in [
            (CertificateIdentity.Kind.monitor, "lb1"), (.agent, "server1"), (.commandLine, ""), (nil, ""),
        ] {
            #expect(try await code(kind, host, body) == 403, "\(kind.map { "\($0)" } ?? "nobody") of \(host)")
        }
        #expect(try await code(.monitor, "server1", "{}") == 400)
        #expect(place.folder.text("begun").isEmpty)
        #expect(try await code(.monitor, "server1", body) == 204)
        try place.folder.put("status", "1")
        #expect(try await code(.monitor, "server1", body) == 500)
        #expect(place.folder.text("begun") == "x\nx\n")
    }
}

private actor Answer {
    private(set) var code: UInt = 0

    func set(_ code: UInt) { self.code = code }
}

/// A folder with a command that is run there.
private struct Place {
    let folder: TemporaryFolder
    let runner: AlertCommandRunner

    init(_ command: String, bound: Duration = .seconds(60)) throws {
        folder = try TemporaryFolder()
        for name in ["log", "records", "tmp"] { try folder.make(name) }
        var applied = AppliedStack.sample(.sample("127.200.9"))
        applied.stack.app.workingDirectory = folder.path
        applied.stack.monitoring = Monitoring(alerts: AlertReceivers(command: command))
        var programs = Layout.Programs.none
        programs.prometheus = "/usr/bin/true"
        programs.promtool = "/usr/bin/true"
        programs.alertmanager = "/usr/bin/true"
        let layout = Layout(hostFolder: folder.path, socketFolder: folder.path, programs: programs, front: nil)
        let host = try #require(applied.stack.monitors.first)
        let blueprint = try HostBlueprint(stack: applied.stack, host: host, layout: layout)
        runner = AlertCommandRunner(
            service: try #require(blueprint.alertCommand),
            starter: ProcessStarter(applied: applied, secrets: .none, layout: layout), folder: "\(folder.path)/records",
            bound: bound, logger: quietLogger)
    }

    var records: String { "\(folder.path)/records" }
    var log: String { folder.text("log/alertmanager-command.log") }

    func run(_ body: String) async throws {
        try await runner.run(try AlertCommandTests.read(body), body: Array(body.utf8))
    }
}
