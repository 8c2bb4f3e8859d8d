import Foundation
import Glibc
import Testing

extension IntegrationTests {
    /// docs/security.md has the same table for people.
    private static let declared: [String: Rights] = [
        "keeper": Rights(capabilities: lowPorts, mask: "0077", variables: Rights.own),
        "agent": Rights(
            capabilities: lowPorts, mask: "0077", variables: Rights.own.union(["TANDEM_AGENT", "MALLOC_ARENA_MAX"])),
        "haproxy": Rights(
            capabilities: lowPorts, mask: "0077",
            variables: Rights.engine.union(["HAPROXY_MWORKER", "HAPROXY_STARTUP_VERSION"])),
        "nginx": Rights(mask: "0077", variables: Rights.engine),
        "mysqld": Rights(mask: "0077", variables: Rights.engine),
        "etcd": Rights(mask: "0077", variables: Rights.engine.union(["GOMEMLIMIT", "GOGC", "GOMAXPROCS", "PWD"])),
        "app": Rights(mask: "0022", variables: Rights.app),
    ]
    private static let lowPorts = "0000000000000400"

    @Test(
        "nothing of a stack of root's is root: every process has the rights that are declared, and no more",
        .enabled(if: geteuid() == 0, "root is given up by root"))
    func rights() async throws {
        let stack = try TrialStack(
            "itrights",
            """
            app: {run: \(TrialStack.conduit), secrets: {GIVEN: {env: GIVEN}}}
            balancer: {http_port: 780, https_port: 743}
            """)
        do {
            try await stack.succeed("up", "--detach", environment: ["GIVEN": "value", "ROOTSECRET": "hunter2"])
            let status = try await stack.status()
            #expect(status.url == "https://localhost:743")
            #expect(try await Curl.get("\(status.url)/api/articles").status == 200)
            let account = try #require(getpwnam("tandem-itrights")).pointee
            var seen: Set<String> = []
            for process in StackProcess.all(of: stack) {
                let declared = try #require(Self.declared[process.kind], "\(process)")
                seen.insert(process.kind)
                process.check(declared, user: account.pw_uid, group: account.pw_gid)
            }
            #expect(seen == Set(Self.declared.keys))
            #expect(StackProcess.everything(of: account.pw_uid) == Set(StackProcess.all(of: stack).map(\.pid)))
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
        #expect(getpwnam("tandem-itrights") != nil, "its number goes to nobody else")
        #expect(!FileManager.default.fileExists(atPath: stack.stateFolder))
    }
}

/// What a process may have.
struct Rights {
    var capabilities = "0000000000000000"
    var mask: String
    /// Names in its environment, at most.
    var variables: Set<String>

    static let own: Set = [
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TERM", "COLORTERM", "NO_COLOR", "TZ",
        "COLUMNS",
        "LINES", "TANDEM_ENGINES", "TANDEM_STATE", "TANDEM_STACK_FILE", "GIVEN",
    ]
    static let engine: Set = ["PATH", "HOME", "LANG"]
    static let app = engine.union([
        "HOST", "PORT", "PWD", "GIVEN",
    ])
}

private struct StackProcess: CustomStringConvertible {
    var pid: Int32
    var kind: String
    var command: String
    var description: String { "\(kind) \(pid) \(command)" }

    static func all(of stack: TrialStack) -> [StackProcess] {
        stack.processes().compactMap { line in
            let words = line.split(separator: " ", maxSplits: 1)
            guard let pid = words.first.flatMap({ Int32($0) }), let command = words.dropFirst().first else {
                return nil
            }
            return StackProcess(pid: pid, kind: kind(of: String(command)), command: String(command))
        } + workers(of: stack)
    }

    /// nginx's workers and HAProxy's name no folder.
    private static func workers(of stack: TrialStack) -> [StackProcess] {
        guard let account = getpwnam("tandem-\(stack.name)")?.pointee else { return [] }
        let known = Set(stack.processes().compactMap { $0.split(separator: " ").first.flatMap { Int32($0) } })
        return everything(of: account.pw_uid).subtracting(known).map { pid in
            let command = String(decoding: bytes(pid, "cmdline"), as: UTF8.self).replacing("\0", with: " ")
            return StackProcess(pid: pid, kind: kind(of: command), command: command)
        }
    }

    private static func kind(of command: String) -> String {
        for word in ["keeper", "agent"] where command.contains("tandem \(word) ") { return word }
        for word in ["haproxy", "nginx", "mysqld", "etcd"] where command.contains(word) { return word }
        return command.contains("conduit") ? "app" : "unknown"
    }

    static func everything(of user: UInt32) -> Set<Int32> {
        let pids = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
        return Set(pids.filter { field($0, "Uid").contains("\(user)") })
    }

    private static func bytes(_ pid: Int32, _ file: String) -> [UInt8] {
        var all: [UInt8] = []
        guard let handle = FileHandle(forReadingAtPath: "/proc/\(pid)/\(file)") else { return [] }
        while let part = try? handle.read(upToCount: 1 << 16), !part.isEmpty { all += part }
        return all
    }

    private static func field(_ pid: Int32, _ name: String) -> [String] {
        let text = String(decoding: bytes(pid, "status"), as: UTF8.self)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("\(name):") }) else { return [] }
        return line.dropFirst(name.count + 1).split(whereSeparator: { $0 == "\t" || $0 == " " }).map(String.init)
    }

    func check(_ declared: Rights, user: UInt32, group: UInt32) {
        func field(_ name: String) -> [String] { Self.field(pid, name) }
        #expect(field("Uid") == Array(repeating: "\(user)", count: 4), "\(self)")
        #expect(field("Gid") == Array(repeating: "\(group)", count: 4), "\(self)")
        #expect(field("Groups") == ["\(group)"], "\(self)")
        // The router, which is HAProxy too, has no front.
        let allowed = kind == "haproxy" ? [declared.capabilities, "0000000000000000"] : [declared.capabilities]
        for set in ["CapEff", "CapPrm", "CapInh", "CapAmb"] {
            #expect(allowed.contains(field(set).first ?? ""), "\(set) \(self)")
        }
        // A process that cannot gain privileges cannot use what it is bounded by.
        #expect(["0000000000000000", "0000000000000400"].contains(field("CapBnd").first), "\(self)")
        #expect(field("NoNewPrivs") == ["1"], "\(self)")
        // mysqld and nginx choose their own.
        if kind != "nginx" && kind != "mysqld" { #expect(field("Umask") == [declared.mask], "\(self)") }
        let variables = Self.bytes(pid, "environ").split(separator: 0).compactMap {
            String(decoding: $0, as: UTF8.self).split(separator: "=").first.map(String.init)
        }
        let odd = Set(variables).subtracting(declared.variables).filter {
            name in
            // HAProxy tells its worker what it has found.
            let prefixes = kind == "app" ? ["TANDEM_", "DATABASE_"] : kind == "haproxy" ? ["HAPROXY_"] : []
            return !name.hasPrefix("LC_") && !prefixes.contains { name.hasPrefix($0) }
        }
        // nginx writes its title over its environment.
        if kind != "nginx" { #expect(odd.isEmpty, "\(self): \(odd)") }
        #expect(!String(decoding: Self.bytes(pid, "environ"), as: UTF8.self).contains("hunter2"))
        for path in descriptors { #expect(isDeclared(path), "\(self) has \(path) open") }
    }

    private var descriptors: [String] {
        let folder = "/proc/\(pid)/fd"
        return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")
        }
    }

    /// Kinds of descriptors, and files of the stack's own.
    private func isDeclared(_ path: String) -> Bool {
        let kinds = [
            "socket:", "pipe:", "anon_inode:", "/dev/null", "/dev/zero", "/dev/urandom", "/dev/shm/", "/memfd:",
        ]
        let folders = ["/var/lib/tandem/stacks/itrights/", "/proc/", "/tmp/"]
        return (kinds + folders).contains { path.hasPrefix($0) }
    }
}
