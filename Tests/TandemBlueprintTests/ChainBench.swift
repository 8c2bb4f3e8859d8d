import Foundation
import TandemBlueprint
import TandemStack
import Testing

import struct TandemStack.Host

/// HAProxy, nginx and two apps with the generated files, on addresses of their own; `Chain/cases.py` asks them.
final class ChainBench {
    /// Which hosts there are.
    enum Shape: Sendable {
        /// A balancer, and two servers with nginx and the app.
        case together
        /// A balancer, a web server, and two app hosts.
        case apart
    }

    let root: String
    let stack: Stack
    private let engines: TestEngines
    private var programs: [String: Process] = [:]
    private static let scripts = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Chain").path

    /// Starts all of it and waits until a request is answered.
    ///
    /// - Parameter change: what differs from a stack that has nothing static, and more time for a request than any
    ///   takes on a busy machine.
    init(_ shape: Shape, _ change: (inout Stack, String) throws -> Void = { _, _ in }) throws {
        engines = try TestEngines()
        root = "/tmp/tc-\(UUID().uuidString.prefix(8))"
        let net = "127.\(UInt8.random(in: 64...250)).\(UInt8.random(in: 1...250))"
        var stack = Sample.conduit.stack
        stack.app.requestTimeoutSeconds = 30
        stack.fileName = "own-name.yaml"
        stack.hosts =
            switch shape {
            case .together:
                [Host(name: "lb1", address: "\(net).11", roles: [.balancer])]
                    + (1...2).map { Host(name: "server\($0)", address: "\(net).2\($0)", roles: [.web, .app]) }
            case .apart:
                [
                    Host(name: "lb1", address: "\(net).11", roles: [.balancer]),
                    Host(name: "web1", address: "\(net).21", roles: [.web]),
                ] + (1...2).map { Host(name: "app\($0)", address: "\(net).3\($0)", roles: [.app]) }
            }
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: "\(root)/seen"))
        try change(&stack, root)
        self.stack = stack
        try makeCertificates()
        for host in stack.hosts { try start(host) }
        // Each of them: the front is answered while one of them is there.
        for host in stack.hosts(.web) { waitForListener(host.address, Ports.web) }
        for host in stack.hosts(.app) { waitForListener(host.loopbackAddress, Ports.app) }
        try waitForAnswer()
    }

    func end() {
        for (name, program) in programs {
            // The threads of tests have signals blocked, and a program that does not ask for them inherits that.
            Foundation.kill(program.processIdentifier, name.hasPrefix("app") ? SIGKILL : SIGTERM)
        }
        for program in programs.values { waitUntilGone(program.processIdentifier) }
        try? FileManager.default.removeItem(atPath: root)
    }

    /// Runs cases of `Chain/cases.py`, each of which is expected to pass.
    func check(
        _ cases: String..., environment: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let outcome = try run(
            [
                "/usr/bin/env", "CHAIN_FRONT=\(front)", "CHAIN_DOMAIN=\(stack.domain)", "CHAIN_SEEN=\(seenFile)",
                "CHAIN_ROOT=\(root)", "CHAIN_WEB=\(web)",
            ] + environment + ["/usr/bin/python3", "\(Self.scripts)/cases.py"] + cases)
        #expect(
            outcome.status == 0, "\(outcome.output)\n--- servers\n\(said)", sourceLocation: sourceLocation)
    }

    /// Ends one program, such as `app of server1`, and what it has started, with SIGKILL, as an agent ends what is left
    /// of a service. All of it is gone when this returns, so that its ports are free.
    func kill(_ name: String) throws {
        let removed = programs.removeValue(forKey: name)
        let program = try #require(removed)
        let group = program.processIdentifier
        try #require(getpgid(group) == group, "\(name) leads no process group")
        // In one call: one after the other, a master that lives a moment longer than its worker starts another one.
        Foundation.kill(-group, SIGKILL)
        var looks = 0
        while isAnyLeft(of: group), looks < 600 {
            looks += 1
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    /// Whether a process of a group still runs, and may hold its sockets.
    private func isAnyLeft(of group: Int32) -> Bool {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.contains { pid in
            let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
            // After the program's name: state, parent, group.
            let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
            return fields.count > 2 && Int32(fields[2]) == group && fields[0] != "Z"
        }
    }

    /// Foundation's own `waitUntilExit` waits for a socket that processes which were started later may hold open as
    /// well. Thirty seconds at most.
    private func waitUntilGone(_ pid: Int32) {
        for _ in 0..<600 {
            let state = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8))?
                .split(separator: ")").last?.split(separator: " ").first
            if state == nil || state == "Z" { return }
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    /// Does what an agent does before it restarts the app of a host, or its nginx, and after.
    /// - Parameter file: its name in `Layout.leavingFolder`.
    func setLeaving(_ name: String, _ file: String, _ isLeaving: Bool = true) throws {
        let host = try #require(stack.hosts.first { $0.name == name })
        let path = "\(layout(host).leavingFolder)/\(file)"
        if isLeaving {
            try Data().write(to: URL(fileURLWithPath: path))
        } else {
            try FileManager.default.removeItem(atPath: path)
        }
    }

    /// Starts nginx of a host again that was killed.
    func startNginx(of name: String) throws {
        let host = try #require(stack.hosts.first { $0.name == name })
        let service = try HostBlueprint(stack: stack, host: host, layout: layout(host)).services
            .first { $0.name == .nginx }
        try start("nginx of \(name)", try #require(service).command)
        // Of this very one: the front is answered by the other host's as well.
        waitForListener(host.address, Ports.web)
        try waitForAnswer()
    }

    // MARK: - Parts

    private var front: String { "\(stack.hosts[0].address):\(stack.balancer.httpsPort.number)" }
    private var web: String { "\(stack.hosts(.web)[0].address):\(Ports.web)" }
    private var seenFile: String { "\(root)/seen" }

    /// The last lines of what nginx and HAProxy said.
    private var said: String {
        programs.keys.sorted().map { name in
            let text = (try? String(contentsOfFile: "\(root)/\(name).txt", encoding: .utf8)) ?? ""
            return "\(name): \(text.suffix(1000))"
        }.joined(separator: "\n")
    }

    private func layout(_ host: Host) -> Layout {
        Layout(
            hostFolder: "\(root)/\(host.name)", socketFolder: "\(root)/s-\(host.name)", programs: engines.programs,
            front: nil)
    }

    /// One for each use, by the file's name; each is an authority too.
    private func makeCertificates() throws {
        let names = ["localhost", stack.domain, "app.\(stack.internalDomain)", "web.\(stack.internalDomain)"]
        let hosts = stack.hosts.map { "\($0.name).web.\(stack.internalDomain)" }
        let all = (names + hosts).map { "DNS:\($0)" }.joined(separator: ",")
        for use in ["web", "balancer"] {
            let made = try run([
                "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "2", "-subj", "/O=Tandem/OU=\(use)/CN=test", "-addext", "subjectAltName=\(all)", "-keyout",
                "\(root)/\(use)-key.pem", "-out", "\(root)/\(use).pem",
            ])
            try #require(made.status == 0, "openssl: \(made.output)")
        }
    }

    private func start(_ host: Host) throws {
        let layout = layout(host)
        let blueprint = try HostBlueprint(stack: stack, host: host, layout: layout)
        for folder in blueprint.folders + [layout.tlsFolder] {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        }
        func made(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: "\(root)/\(name).pem")) }
        for (path, data) in [
            (layout.caFile, try made("web") + made("balancer")),
            (layout.webCertificateFile, try made("web")), (layout.webKeyFile, try made("web-key")),
            (layout.balancerBundleFile, try made("balancer") + made("balancer-key")),
            (layout.frontBundleFile, try made("web") + made("web-key")),
        ] { try data.write(to: URL(fileURLWithPath: path)) }
        for file in blueprint.files { try Data(file.contents.utf8).write(to: URL(fileURLWithPath: file.path)) }
        for service in blueprint.services where [.haproxy, .nginx].contains(service.name) {
            try start("\(service.name.rawValue) of \(host.name)", service.command)
        }
        guard host.has(.app) else { return }
        let app = ["/usr/bin/python3", "\(Self.scripts)/app.py", host.loopbackAddress, "\(Ports.app)", seenFile]
        try start("app of \(host.name)", app)
    }

    private func start(_ name: String, _ command: [String]) throws {
        let program = Process()
        program.executableURL = URL(fileURLWithPath: command[0])
        program.arguments = Array(command.dropFirst())
        let log = "\(root)/\(name).txt"
        try Data().write(to: URL(fileURLWithPath: log))
        let handle = try #require(FileHandle(forWritingAtPath: log))
        program.standardOutput = handle
        program.standardError = handle
        try program.run()
        programs[name] = program
    }

    /// A minute at most.
    private func waitForListener(_ address: String, _ port: Int) {
        for _ in 0..<1200 where Session(address: address, port: port) == nil { Thread.sleep(forTimeInterval: 0.05) }
    }

    private func waitForAnswer() throws {
        for _ in 0..<600 {
            let outcome = try run([
                "/usr/bin/curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Host: \(stack.domain)",
                "https://\(front)/health",
            ])
            if outcome.output == "200" { return }
            Thread.sleep(forTimeInterval: 0.1)
        }
        let said = said
        end()
        throw TestEngines.Missing(description: "the chain does not answer\n\(said)")
    }
}
