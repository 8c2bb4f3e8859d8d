import Foundation
import Glibc
import TandemBlueprint
import TandemCoordination
import TandemServices
import TandemStack
import Testing

@testable import TandemAgent

@Suite("A member of etcd without data")
struct StoreStepTests {
    private static let voters = ["lb1", "server1", "server2"]

    private func standing(
        _ host: String, _ stage: StoreStanding.Stage = .none, voters: [String] = voters, revision: Int = 0
    ) -> StoreStanding {
        StoreStanding(host: host, revision: revision, voters: voters, stage: stage)
    }

    private func next(
        _ host: String, hasClaim: Bool = false, revision: Int = 0, _ others: StoreStanding...
    ) -> StoreStep {
        StoreStep.next(
            own: standing(host, revision: revision), hasClaim: hasClaim, voters: Self.voters,
            others: Dictionary(uniqueKeysWithValues: others.map { ($0.host, $0) }))
    }

    @Test("founds etcd only once every other voter's agent has said that it has none either")
    func silent() {
        #expect(
            next("lb1", hasClaim: true, standing("server1"))
                == .wait("waiting for the agents of server2, to know whether there is an etcd"))
        #expect(next("lb1", standing("server1"), standing("server2")) == .claim)
        #expect(next("lb1", hasClaim: true, standing("server1"), standing("server2")) == .found)
    }

    @Test("joins the others wherever one of them has data, heard from all of them or not")
    func joins() {
        #expect(next("lb1", hasClaim: true, standing("server2", .member)) == .join)
        #expect(next("server2", standing("lb1"), standing("server1", .member)) == .join)
    }

    @Test("leaves the founding to the first voter whose settings know of etcd")
    func first() {
        #expect(next("server1", standing("lb1"), standing("server2")) == .wait("waiting for etcd on lb1"))
        // A change that brings etcd reaches one host after the other.
        #expect(next("server1", standing("lb1", voters: []), standing("server2", voters: [])) == .claim)
    }

    @Test("founds nothing while another one means to, whoever comes first in the file")
    func claims() {
        #expect(
            next("lb1", hasClaim: true, standing("server1", .claimed), standing("server2"))
                == .wait("waiting for etcd on server1"))
        #expect(
            next("server1", hasClaim: true, standing("lb1", .claimed), standing("server2"))
                == .wait("waiting for etcd on lb1"))
    }

    @Test("does not come back where later settings have taken its vote")
    func left() {
        let later = ["lb1", "server1", "server3"]
        #expect(
            next("server2", standing("lb1", .member, voters: later, revision: 2), standing("server1", .member))
                == .wait("it has no vote any more"))
        // Nor is it kept away by earlier ones, which do not know it yet.
        #expect(
            next("server2", revision: 3, standing("lb1", .member, voters: later, revision: 2), standing("server1"))
                == .join)
    }

    /// Two agents whose steps mix in every order, each of which looks at the other before it acts.
    @Test("is never one of two that found etcd, in whatever order they look and act")
    func race() {
        struct World: Hashable {
            /// For each host: its stage, and what it decided at its last look and has not done yet.
            var stages = ["lb1": "none", "server1": "none"]
            var decisions: [String: String] = [:]
        }
        func look(_ host: String, _ world: World) -> String {
            let other = host == "lb1" ? "server1" : "lb1"
            let stage = StoreStanding.Stage(rawValue: world.stages[other] ?? "") ?? .none
            // Each takes the other for one whose settings do not know of etcd, so that both may come first.
            let step = StoreStep.next(
                own: standing(host, voters: [host]), hasClaim: world.stages[host] == "claimed",
                voters: ["lb1", "server1"],
                others: [other: standing(other, stage, voters: [])])
            return switch step {
            case .found: "found"
            case .claim: "claim"
            case .join: "join"
            case .wait: "wait"
            }
        }
        var seen: Set<World> = [World()]
        var open = [World()]
        while let world = open.popLast() {
            for host in ["lb1", "server1"] where world.stages[host] != "member" {
                var next = world
                if let decision = world.decisions[host] {
                    next.decisions[host] = nil
                    if decision == "found" {
                        #expect(!world.stages.values.contains("member"), "both found etcd")
                        next.stages[host] = "member"
                    } else {
                        next.stages[host] = decision == "claim" ? "claimed" : "none"
                    }
                } else {
                    next.decisions[host] = look(host, world)
                }
                if seen.insert(next).inserted { open.append(next) }
            }
        }
        #expect(seen.contains { $0.stages.values.contains("member") })
    }
}

@Suite("etcd's data of a stack that changed while it was down")
struct StoreContinuityTests {
    private func isLeft(_ last: [String], _ next: [String], address: String = "127.200.9") -> Bool {
        StoreContinuity(last: .sample("127.200.9", hosts: last), next: .sample(address, hosts: next)).isMajorityLeft
    }

    @Test("goes on where a majority of its members is left on their addresses, and else begins anew")
    func majority() {
        let all = ["lb1", "lb2", "server1", "server2"]
        #expect(isLeft(all, all))
        #expect(isLeft(all, ["lb1", "lb2", "server1", "server3"]))
        #expect(!isLeft(all, ["lb2", "server1"]))
        #expect(!isLeft(all, all, address: "127.200.10"))
    }

    @Test("is moved to where etcd does not look, and nothing else is")
    func moved() throws {
        let folder = try TemporaryFolder()
        let state = StackFolder(in: folder)
        for path in ["lb1/data/etcd/member", "server1/data/etcd/member", "server1/data/mysql"] {
            try folder.make("state/hosts/\(path)")
        }
        let same = StoreContinuity(last: .sample("127.200.9"), next: .sample("127.200.9"))
        #expect(try !same.setAside(in: state))
        #expect(state.hostsWithStore == ["lb1", "server1"])
        let moved = StoreContinuity(last: .sample("127.200.9"), next: .sample("127.200.10"))
        #expect(try moved.setAside(in: state))
        #expect(state.hostsWithStore.isEmpty)
        #expect(status("\(state.host("server1"))/data/etcd.old/member") != nil)
        #expect(status("\(state.host("server1"))/data/mysql") != nil)
        #expect(try !moved.setAside(in: state))
    }
}

/// A real etcd, started from the generated file with the stack's own certificates.
@Suite("The generated etcd")
struct StoreServiceTests {
    private struct Answer {
        var status: Int32
        var text: String
    }

    private func curl(_ url: String, ca: String, certificate: String? = nil, key: String? = nil) throws -> Answer {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        var arguments = ["curl", "-sS", "--max-time", "60", "--cacert", ca, url]
        // The port of the members is none for HTTP/2.
        arguments += url.contains("/v3/") ? ["-d", "{}"] : ["--http1.1"]
        if let certificate, let key { arguments += ["--cert", certificate, "--key", key] }
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Answer(status: process.terminationStatus, text: text)
    }

    private func programs() throws -> Layout.Programs {
        let folder = try #require(ProcessInfo.processInfo.environment["TANDEM_TEST_ENGINES"])
        var programs = Layout.Programs.none
        programs.etcd = "\(folder)/bin/etcd"
        return programs
    }

    @Test("lets agents in by their own key for it, and no other key of the stack; and members alone among the members")
    func keys() async throws {
        let folder = try TemporaryFolder()
        let state = StackFolder(in: folder)
        let stack = Stack.sample("127.200.77")
        var applied = AppliedStack.sample(stack)
        applied.programs = try programs()
        try FileManager.default.createDirectory(atPath: state.path, withIntermediateDirectories: true)
        try StackPKI(stack: stack, folder: state).ensure(
            layout: { state.layout(host: $0.name, applied: applied) }, now: Date())
        let host = try #require(stack.hosts.first { $0.name == "lb1" })
        let layout = state.layout(host: host.name, applied: applied)
        let blueprint = try HostBlueprint(stack: stack, host: host, layout: layout)
        for path in blueprint.folders {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        for file in blueprint.files { try Data(file.contents.utf8).write(to: URL(filePath: file.path)) }
        let service = try #require(blueprint.services.first { $0.name == .etcd })
        let generated = try #require(blueprint.files.first { $0.path == layout.etcdFile }).contents

        // As it is, it founds nothing: it has no place yet.
        let starter = ProcessStarter(applied: applied, secrets: .none, layout: layout)
        let alone = try RunningProcess.start(starter.specification(service))
        #expect(await alone.waitForEnd() != nil)
        #expect(!FileManager.default.fileExists(atPath: "\(layout.etcdDataFolder)/member/wal"))

        try Data(StoreBeginning.founding.text(from: generated).utf8).write(to: URL(filePath: layout.etcdFirstFile))
        let etcd = try RunningProcess.start(starter.specification(service))
        defer { etcd.identity.kill() }
        let clients = "https://\(host.address):\(Ports.store)/v3/maintenance/status"
        let peers = "https://\(host.address):\(Ports.storePeer)/members"
        let ca = state.storeCAFile
        let own = (state.storeCertificateFile("server1"), state.storeKeyFile("server1"))
        try await eventually("etcd answers an agent") {
            let answer = try curl(clients, ca: ca, certificate: own.0, key: own.1)
            return answer.status == 0 && answer.text.contains("\"version\":\"3.")
        }
        #expect(try curl(peers, ca: ca, certificate: own.0, key: own.1).status != 0)
        let member = try curl(
            peers, ca: ca, certificate: layout.storeCertificateFile, key: layout.storeKeyFile)
        #expect(member.status == 0, "\(member)")
        let server = state.layout(host: "server1", applied: applied)
        let others = [
            ("an agent's", state.agentCertificateFile("lb1"), state.agentKeyFile("lb1")),
            ("the command line's", state.clientCertificateFile, state.clientKeyFile),
            ("nginx's", server.webCertificateFile, server.webKeyFile),
            ("mysqld's", server.databaseCertificateFile, server.databaseKeyFile),
            ("HAProxy's", layout.balancerBundleFile, layout.balancerBundleFile),
            ("the front's", layout.frontBundleFile, layout.frontBundleFile),
        ]
        for (whose, certificate, key) in others {
            try #require(FileManager.default.fileExists(atPath: certificate))
            for url in [clients, peers] {
                let answer = try curl(url, ca: ca, certificate: certificate, key: key)
                #expect(answer.status != 0 && !answer.text.contains("version"), "\(whose) key at \(url): \(answer)")
            }
        }
        for url in [clients, peers] { #expect(try curl(url, ca: ca).status != 0) }
        // Nor does another server of the stack pass for etcd.
        #expect(try curl(clients, ca: state.caFile, certificate: own.0, key: own.1).status == 60)
    }

    @Test("keeps what its agent shows in the agent's folder, and every key to itself")
    func files() throws {
        let folder = try TemporaryFolder()
        let state = StackFolder(in: folder)
        let stack = Stack.sample("127.200.78")
        let applied = AppliedStack.sample(stack)
        try FileManager.default.createDirectory(atPath: state.path, withIntermediateDirectories: true)
        let layout = { (host: Host) in state.layout(host: host.name, applied: applied) }
        let made = try StackPKI(stack: stack, folder: state).ensure(layout: layout, now: Date())
        #expect(made.certificates > 0)
        for host in stack.hosts {
            #expect(permissions(state.storeKeyFile(host.name)) == 0o600)
            #expect(state.storeKeyFile(host.name).hasPrefix(state.records(host.name)))
            let voter = stack.votes(host)
            #expect(FileManager.default.fileExists(atPath: layout(host).storeKeyFile) == voter)
            if voter { #expect(permissions(layout(host).storeKeyFile) == 0o600) }
        }
        #expect(permissions(state.storeCAKeyFile) == 0o600)
        #expect(try StackPKI(stack: stack, folder: state).ensure(layout: layout, now: Date()).certificates == 0)
        #expect(try StackPKI(stack: stack, folder: state).authorityProblem() == nil)
        // As others' certificates they are made anew before they expire.
        let later = Date(timeIntervalSinceNow: 350 * 86400)
        let outdated = try StackPKI(stack: stack, folder: state).outdated(layout: layout, now: later)
        #expect(outdated.contains(layout(stack.hosts[0]).storeCertificateFile))
        #expect(outdated.contains(state.storeCertificateFile("lb2")))
    }
}
