import Foundation
import TandemStack
import Testing

@testable import TandemFleet

@Suite("Hosts over SSH", .serialized)
struct SSHTests {
    @Test("A command gets its words and its input as they are, and its ending and both outputs come back")
    func commands() async throws {
        let server = try await SSHServer()
        try await server.session { session in
            let words = ["a b", "it's", "$HOME", "*", "", "\"x\"", "ä\\"]
            let shown = try await session.run(["printf", "<%s>\\n"] + words)
            #expect(shown.output == words.map { "<\($0)>\n" }.joined())
            let copied = try await session.run(["cat"], input: Array("first\nsecond".utf8))
            #expect(copied == .init(status: 0, output: "first\nsecond", errors: ""))
            let failed = try await session.run(["/bin/sh", "-c", "echo said; echo wrong >&2; exit 7"])
            #expect(failed == .init(status: 7, output: "said\n", errors: "wrong"))
            // The client's own status for a connection that failed means nothing else when a command ends with it.
            let answer = try await session.run(["/bin/sh", "-c", "exit 255"])
            #expect(answer.status == 255)
        }
    }

    @Test("All commands to a host share one connection, also when many run at once")
    func oneConnection() async throws {
        let server = try await SSHServer()
        try await server.session { session in
            let total = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<8 {
                    group.addTask { Int(try await session.run(["echo", "\(number)"]).output.dropLast()) ?? -1 }
                }
                return try await group.reduce(0, +)
            }
            #expect(total == 28)
        }
        #expect(server.logins == 1)
        // ssh says that its master ends, which then takes a moment.
        for _ in 0..<600 where FileManager.default.fileExists(atPath: server.line.controlSocket) {
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(!FileManager.default.fileExists(atPath: server.line.controlSocket), "the connection is ended")
    }

    @Test("A host whose key is not known is refused, and nothing is accepted by the way")
    func unknownKey() async throws {
        let server = try await SSHServer()
        try server.knowHost(nil)
        // A configuration that would accept it by itself does not hold.
        try server.configure(key: "client", user: NSUserName(), more: "  StrictHostKeyChecking no")
        #expect(await server.problem() == .unknownKey(of: "[127.87.22.1]:\(server.port)"))
        #expect(try String(contentsOfFile: "\(server.folder)/known_hosts", encoding: .utf8).isEmpty)
        #expect(server.logins == 0)
    }

    @Test("A host that shows another key than before is refused, and the place of the old one is named")
    func changedKey() async throws {
        let server = try await SSHServer()
        try server.knowHost("other")
        let place = "\(server.folder)/known_hosts:1"
        #expect(await server.problem() == .changedKey(of: "[127.87.22.1]:\(server.port)", place: place))
        let error = ReachError(server.line, .changedKey(of: "[127.87.22.1]:\(server.port)", place: place))
        #expect(error.remedy.contains("ssh-keygen -R '[127.87.22.1]:\(server.port)' -f \(server.folder)/known_hosts"))
        #expect(server.logins == 0)
    }

    @Test("A host that takes another key is told apart, with what it takes")
    func wrongKey() async throws {
        let server = try await SSHServer()
        try server.configure(key: "stranger", user: NSUserName())
        #expect(await server.problem() == .refusedLogin(ways: "publickey"))
    }

    @Test("Nothing listens, a name has no address, a configuration is wrong: each is told")
    func unreachable() async throws {
        let server = try await SSHServer()
        func problem(_ destination: SSHDestination, _ more: String = "") async throws -> ReachError.Problem? {
            try server.configure(key: "client", user: NSUserName(), more: more)
            var line = server.line
            line.destination = destination
            do {
                _ = try await HostSession.open(server.host, line)
                return nil
            } catch {
                return (error as? ReachError)?.problem
            }
        }
        #expect(try await problem(.init(name: "127.87.22.1", port: 1)) == .unreachable("Connection refused"))
        #expect(try await problem(.init(name: "no-such-host.invalid")) == .unresolved("no-such-host.invalid"))
        guard case .configuration? = try await problem(.init(name: "testhost"), "  NoSuchOption yes") else {
            Issue.record("a wrong option is a wrong configuration")
            return
        }
        #expect(try await problem(.init(name: "testhost")) == nil, "the rest of it works")
    }

    @Test("A command that takes too long is ended, there too, and one that says too much is given up")
    func bounds() async throws {
        let server = try await SSHServer()
        try await server.session { session in
            var pid = ""
            // On a busy machine the time may be over before it has begun: then it gets more.
            for seconds in [1, 5, 25] where pid.isEmpty {
                let error = await #expect(throws: ReachError.self) {
                    try await session.run(
                        ["/bin/sh", "-c", "echo $$ > \(server.folder)/pid; sleep 600"], seconds: seconds)
                }
                pid = (try? String(contentsOfFile: "\(server.folder)/pid", encoding: .utf8)) ?? ""
                #expect(pid.isEmpty || error == ReachError(server.line, .timedOut(seconds: seconds)))
            }
            try #require(!pid.isEmpty, "it has begun")
            #expect(!FileManager.default.fileExists(atPath: "/proc/\(pid.dropLast())"), "it does not run on")
            await #expect(throws: ReachError(server.line, .saidTooMuch)) {
                try await session.run(["head", "-c", "4000000", "/dev/zero"], outputLimitBytes: 1000)
            }
            let answer = try await session.run(["echo", "on"])
            #expect(answer.output == "on\n", "the connection goes on")
        }
    }

    @Test("A user whose login shell runs no commands is told")
    func noShell() async throws {
        let server = try await SSHServer(settings: [
            "ForceCommand echo This account is currently not available.; exit 1"
        ])
        #expect(await server.problem() == .noShell("This account is currently not available."))
    }

    @Test("What a login shell says by itself is no part of a command's output")
    func noise() async throws {
        let server = try await SSHServer(settings: ["ForceCommand echo welcome; eval \"$SSH_ORIGINAL_COMMAND\""])
        try await server.session { session in
            let answer = try await session.run(["echo", "on"])
            #expect(answer.output == "on\n")
        }
    }

    @Test("Hosts are asked at once, in the order of the file, and one that is away holds up no other")
    func fleet() async throws {
        let server = try await SSHServer()
        let file = StackFile(
            text: """
                stack: shop
                app: {run: x}
                ssh: {config: \(server.folder)/ssh_config}
                hosts:
                  lb1: {address: 10.0.0.11, ssh: "127.87.22.1:1", roles: [balancer]}
                  server1: {address: 10.0.0.21, ssh: testhost, roles: [web, app, database]}
                """, name: "tandem.yaml", folder: "/srv/shop")
        let results = try await Fleet.with(try file.load()) { fleet in
            await fleet.onEach { try await $0.run(["echo", "here"]).output }
        }
        #expect(results.map(\.host.name) == ["lb1", "server1"])
        #expect(throws: ReachError.self) { try results[0].result.get() }
        #expect(try results[1].result.get() == "here\n")
    }

    @Test("A host answers all that the doctor asks")
    func facts() async throws {
        let server = try await SSHServer()
        let facts = try await server.session { try await HostQuestions.ask($0) }
        #expect(["x86_64", "aarch64"].contains(facts.architecture))
        #expect(!facts.system.isEmpty && !facts.version.isEmpty && !facts.initProgram.isEmpty)
        #expect(facts.disks.map(\.path) == ["/var/lib", "/var/log"])
        #expect(facts.disks.allSatisfy { $0.freeBytes > 0 })
        #expect(facts.addresses.contains("127.0.0.1"))
        #expect(facts.listeners?.contains { $0.address == "127.87.22.1" && $0.port == server.port } == true)
        let clock = try #require(facts.clockAheadSeconds)
        #expect(clock.contains(0), "it is the same clock")
        #expect(facts.archive != nil)
    }
}

@Suite("Root on a host", .serialized, .enabled(if: geteuid() == 0, "only root can make users"))
struct PrivilegeTests {
    private static let user = "tandem-sudotest"
    private static let rule = "/etc/sudoers.d/tandem-sudotest"

    @Test("Root is root; a user is root by sudo alone, and only where sudo asks for no password")
    func ways() async throws {
        let own = try await SSHServer()
        let isRoot = try await own.session { $0.user == "root" && $0.privilege == .root }
        #expect(isRoot)

        try await SSHServer.tool("useradd", "--user-group", "--no-create-home", "--shell", "/bin/sh", Self.user)
        do {
            try await anotherUser()
        } catch {
            Issue.record(error)
        }
        try? FileManager.default.removeItem(atPath: Self.rule)
        try await SSHServer.tool("userdel", Self.user)
    }

    private func anotherUser() async throws {
        // sshd takes a locked account for closed; this one has a password that nobody knows.
        try await SSHServer.tool("usermod", "--password", "*", Self.user)
        let server = try await SSHServer(user: Self.user)
        try await server.session { session in
            #expect(session.user == Self.user && session.privilege == .sudoWantsPassword && !session.canBeRoot)
            let answer = try await session.run(["id", "-un"])
            #expect(answer.output == "\(Self.user)\n")
        }
        try "\(Self.user) ALL=(ALL) NOPASSWD: ALL\n".write(toFile: Self.rule, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o440], ofItemAtPath: Self.rule)
        try await server.session { session in
            #expect(session.user == Self.user && session.privilege == .sudo)
            let answer = try await session.run(["id", "-un"])
            #expect(answer.output == "root\n")
            let copied = try await session.run(["cat"], input: Array("through".utf8))
            #expect(copied.output == "through")
        }
    }
}
