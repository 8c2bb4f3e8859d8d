import Foundation
import Glibc
import Testing

/// etcd of a stack, as its agents see it.
struct Store {
    let stack: TrialStack
    private let program = "\(ProcessInfo.processInfo.environment["TANDEM_TEST_ENGINES"] ?? "")/bin/etcdctl"

    /// Asks the etcd of `host`, by the key of lb2's agent, which has no etcd of its own.
    func ask(_ host: String, _ arguments: String...) async throws -> Program.Outcome {
        let address = try await stack.status().host(host).address
        let keys = "\(stack.stateFolder)/run/lb2/store"
        return try await Program.run(
            program,
            [
                "--endpoints=https://\(address):2379", "--cacert=\(keys)-ca.pem", "--cert=\(keys).pem",
                "--key=\(keys)-key.pem", "--command-timeout=20s",
            ] + arguments)
    }

    struct Members: Decodable {
        struct Member: Decodable {
            var ID: UInt64
            /// Missing while it has been added and has not started yet.
            var name: String?
            var isLearner: Bool?
        }
        var members: [Member]
    }

    /// Voting members by name.
    func members(by host: String) async throws -> [String: UInt64] {
        let outcome = try await ask(host, "member", "list", "--write-out=json")
        try #require(outcome.status == 0, "\(outcome)")
        let members = try JSONDecoder().decode(Members.self, from: Data(outcome.output.utf8)).members
        return Dictionary(
            uniqueKeysWithValues: members.filter { $0.isLearner != true }.compactMap { member in
                member.name.map { ($0, member.ID) }
            })
    }

    /// The host whose etcd leads.
    func leader(by host: String) async throws -> String {
        struct Endpoint: Decodable {
            struct Status: Decodable { var leader: UInt64 }
            var Status: Status
        }
        let outcome = try await ask(host, "endpoint", "status", "--write-out=json")
        let endpoint = try #require(try JSONDecoder().decode([Endpoint].self, from: Data(outcome.output.utf8)).first)
        return try #require(try await members(by: host).first { $0.value == endpoint.Status.leader }?.key)
    }

    /// Whether each of them reads the key, through a majority.
    func check(
        _ hosts: [String], has value: String? = "kept", sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let wanted = value.map { "\($0)\n" } ?? ""
        for host in hosts {
            let read = try await ask(host, "get", "--print-value-only", "/trial")
            #expect(read.status == 0 && read.output == wanted, "\(host): \(read)", sourceLocation: sourceLocation)
        }
        #expect(try await members(by: hosts[0]).keys.sorted() == hosts.sorted(), sourceLocation: sourceLocation)
    }
}

extension BesideTests {
    @Test(
        "etcd runs on three hosts, keeps what it was told, and gets members back that die, lose their data, come or go")
    func store() async throws {
        let app = "app:\n  run: '\(TrialStack.conduit)'\n"
        let stack = try TrialStack.besides("itstore", app)
        let voters = ["lb1", "server1", "server2"]
        do {
            try await stack.succeed("up", "--detach")
            let store = Store(stack: stack)
            #expect(try await store.ask("lb1", "put", "/trial", "kept").status == 0)
            try await store.check(voters)
            let first = try await stack.status()
            for host in voters { #expect(try first.service("etcd", on: host).state == "running") }
            #expect(try first.host("lb2").services.map(\.name) == ["haproxy"])
            #expect(try await stack.succeed("plan", "--exit-code").output.contains("nothing to do"))
            #expect(try await stack.succeed("logs", "etcd", "-n", "1000").output.contains("became leader"))

            try await killed(stack, store, voters)
            try await dataLost(stack, store, voters)
            try await hostsChange(stack, store, app)

            try await stack.succeed("down")
            #expect(stack.processes() == [])
            try await stack.succeed("up", "--detach")
            try await store.check(voters)
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    private func killed(_ stack: TrialStack, _ store: Store, _ voters: [String]) async throws {
        let before = try #require(try await stack.status().service("etcd", on: "server1").pid)
        kill(before, SIGKILL)
        _ = try await stack.waitUntilUp { try $0.service("etcd", on: "server1").pid != before }
        try await store.check(voters)
    }

    /// It comes back as another member: it has forgotten what it voted for.
    private func dataLost(_ stack: TrialStack, _ store: Store, _ voters: [String]) async throws {
        let before = try await store.members(by: "lb1")
        try FileManager.default.removeItem(atPath: "\(stack.stateFolder)/hosts/server2/data/etcd")
        try await stack.succeed("restart", "server2/etcd")
        try await store.check(voters)
        let after = try await store.members(by: "lb1")
        #expect(after["server2"] != before["server2"] && after["lb1"] == before["lb1"])
    }

    /// A witness takes the balancer's vote, and leaves again.
    private func hostsChange(_ stack: TrialStack, _ store: Store, _ app: String) async throws {
        let hosts = """
            hosts:
              lb1: {roles: [balancer]}
              lb2: {roles: [balancer]}
              server1: {roles: [web, app, database]}
              server2: {roles: [web, app, database]}
            """
        let before = try await stack.status()
        try stack.write("\(app)\(hosts)\n  witness1: {roles: [witness]}")
        let plan = try await stack.succeed("plan").output
        #expect(plan.contains("etcd     start") && plan.contains("etcd     stop"), "\(plan)")
        try await stack.succeed("up", "--detach")
        try await store.check(["server1", "server2", "witness1"])
        let changed = try await stack.status()
        #expect(try changed.host("lb1").services.map(\.name) == ["haproxy"])
        for host in ["server1", "server2"] {
            #expect(try changed.service("etcd", on: host).pid == before.service("etcd", on: host).pid)
        }
        try stack.write("\(app)\(hosts)")
        try await stack.succeed("up", "--detach")
        try await store.check(["lb1", "server1", "server2"])
    }
}
