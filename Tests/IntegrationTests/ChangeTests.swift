import Foundation
import Glibc
import Testing

/// The stack file is edited while users are there.
private struct Edited {
    let stack: TrialStack
    var app = "run: '\(TrialStack.conduit)'"
    var more = ""
    var hosts = ["lb1", "lb2", "server1", "server2"]

    init(_ name: String) throws {
        stack = try TrialStack(name, "")
        try write()
    }

    func write() throws {
        let hosts = hosts.map {
            "  \($0): {roles: \($0.hasPrefix("lb") ? "[balancer]" : "[web, app, database]")}"
        }.joined(separator: "\n")
        try stack.write("app:\n  \(app)\n\(more)\nhosts:\n\(hosts)")
    }

    /// Every process by host and service.
    func processes() async throws -> [String: Int32] {
        var pids: [String: Int32] = [:]
        for host in try await stack.status().hosts {
            for service in host.services { pids["\(host.name)/\(service.name)"] = service.pid }
        }
        return pids
    }
}

private func changed(_ before: [String: Int32], _ after: [String: Int32]) -> Set<String> {
    Set(before.keys.filter { before[$0] != after[$0] }).union(after.keys.filter { before[$0] == nil })
}

extension IntegrationTests {
    @Test("a stack that runs takes up its edited file, host by host, and no GET fails")
    func changes() async throws {
        var edited = try Edited("itchange")
        let stack = edited.stack
        do {
            let nothing = try await stack.succeed("plan")
            #expect(nothing.output.contains("does not run. `tandem up` starts all of it"))
            try await stack.succeed("up", "--detach")
            #expect(try await stack.succeed("plan", "--exit-code").output.contains("nothing to do"))
            let url = try await stack.status().url + "/api/articles"
            let first = edited
            let total = try await Load([url], pause: .milliseconds(10)).during { load in
                var edited = first
                try await reloads(&edited, load)
                try await restartsTheApp(&edited, load)
                try await comesAndGoes(&edited, load, "lb3")
                try await comesAndGoes(&edited, load, "server3")
                try await restartVerb(edited, load)
            }
            #expect(total.failed.isEmpty)
            try await refused(&edited)
            try await putBack(&edited)
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    private func check(_ load: Load, _ what: String) {
        let count = load.take()
        print("\(what): \(count)")
        #expect(count.failed.isEmpty, "\(what): \(count)")
        #expect(count.answered > 0)
    }

    /// Only a generated file differs: the same processes go on with it.
    private func reloads(_ edited: inout Edited, _ load: Load) async throws {
        let before = try await edited.processes()
        edited.more = "balancer:\n  algorithm: leastconn"
        try edited.write()
        let plan = try await edited.stack.tandem("plan", "--exit-code")
        #expect(plan.status == 5, "\(plan)")
        #expect(plan.output.contains("lb1        haproxy  reload   haproxy.cfg"))
        #expect(plan.output.contains("haproxy.cfg of lb1, lb2") && plan.output.contains("+    balance leastconn"))
        try await edited.stack.succeed("up", "--detach")
        #expect(try await edited.processes() == before)
        #expect(try await edited.stack.tandem("plan", "--exit-code").status == 0)
        check(load, "reload of both balancers")
    }

    private func restartsTheApp(_ edited: inout Edited, _ load: Load) async throws {
        let before = try await edited.processes()
        edited.app += "\n  env: {GREETING: hush-hush}"
        try edited.write()
        let plan = try await edited.stack.succeed("plan")
        #expect(plan.output.contains("app      restart  environment GREETING"))
        #expect(!plan.output.contains("hush"))
        let up = try await edited.stack.succeed("up", "--detach")
        #expect(up.errors.contains("has taken up the change"))
        let after = try await edited.processes()
        #expect(changed(before, after) == ["server1/app", "server2/app"])
        let pid = try #require(after["server1/app"])
        #expect(try readEnvironment(of: pid)["GREETING"] == "hush-hush")
        check(load, "restart of both apps")
    }

    private func comesAndGoes(_ edited: inout Edited, _ load: Load, _ host: String) async throws {
        let before = try await edited.processes()
        edited.hosts.append(host)
        try edited.write()
        try await edited.stack.succeed("up", "--detach")
        let status = try await edited.stack.status()
        #expect(status.state == "up" && status.hosts.map(\.name) == edited.hosts)
        #expect(status.database?.replicas.allSatisfy { $0.state == "streaming" } == true)
        // Of three hosts with data all vote, and of two a balancer besides.
        #expect(
            changed(before, try await edited.processes()).allSatisfy { $0.hasPrefix("\(host)/") || $0 == "lb1/etcd" })
        if host.hasPrefix("server") {
            _ = load.take()
            for _ in 0..<300 where load.soFar.servedBy[host, default: 0] == 0 {
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(load.soFar.servedBy[host, default: 0] > 0, "it is sent requests")
        }
        check(load, "\(host) came")

        let address = try status.host(host).address
        edited.hosts.removeLast()
        try edited.write()
        try await edited.stack.succeed("up", "--detach")
        let after = try await edited.stack.status()
        #expect(after.state == "up" && after.hosts.map(\.name) == edited.hosts)
        #expect(changed(before, try await edited.processes()).allSatisfy { $0 == "lb1/etcd" })
        #expect(try listeners(addressPrefix: address + ":") == [])
        if host.hasPrefix("server") {
            let data = "\(edited.stack.stateFolder)/hosts/\(host)/data/mysql"
            #expect(FileManager.default.fileExists(atPath: data), "its data stays")
        }
        check(load, "\(host) left")
    }

    private func restartVerb(_ edited: Edited, _ load: Load) async throws {
        let before = try await edited.processes()
        try await edited.stack.succeed("restart", "app", "server2/nginx", "lb1")
        let after = try await edited.processes()
        #expect(changed(before, after) == ["server1/app", "server2/app", "server2/nginx", "lb1/haproxy", "lb1/etcd"])
        let unknown = try await edited.stack.tandem("restart", "sever1")
        #expect(unknown.status == 2 && unknown.errors.contains("did you mean 'server1'?"), "\(unknown)")
        check(load, "tandem restart")
    }

    /// A file that its program refuses replaces nothing, and the error points at the line that asked for it.
    private func refused(_ edited: inout Edited) async throws {
        let before = try await edited.processes()
        let good = edited.more
        edited.more = "database:\n  settings:\n    no_such_setting: 1"
        try edited.write()
        let up = try await edited.stack.tandem("up", "--detach")
        #expect(up.status == 1)
        #expect(up.errors.contains("tandem.yaml:6:5: error: mysql refuses my.cnf of server2"), "\(up.errors)")
        #expect(up.errors.contains("nothing was changed"))
        #expect(try await edited.processes() == before)
        let file = try String(
            contentsOfFile: "\(edited.stack.stateFolder)/hosts/server2/etc/my.cnf", encoding: .utf8)
        #expect(!file.contains("no_such_setting"))

        // A file that cannot be read at all is no reason not to look at what runs.
        edited.more = "databse: {}\n\t"
        try edited.write()
        #expect(try await edited.stack.tandem("plan").status == 3)
        let status = try await edited.stack.tandem("status")
        #expect(status.status == 0 && status.errors.contains("as it was started"), "\(status)")
        #expect(try await edited.processes() == before)
        edited.more = good
    }

    /// A new app that does not serve stays on the first host, and the old one comes back there.
    private func putBack(_ edited: inout Edited) async throws {
        edited.more = ""
        try edited.write()
        try await edited.stack.succeed("up", "--detach")
        let before = try await edited.processes()
        edited.app = "run: echo cannot find my configuration; exit 3"
        try edited.write()
        let up = try await edited.stack.tandem("up", "--detach")
        #expect(up.status == 1)
        #expect(up.errors.contains("app on server2 does not serve with the new settings"), "\(up.errors)")
        #expect(up.errors.contains("cannot find my configuration"))
        #expect(up.errors.contains("server2: put back"))
        let after = try await edited.processes()
        #expect(changed(before, after) == ["server2/app"])
        #expect(try await edited.stack.status().state == "up")
    }
}
