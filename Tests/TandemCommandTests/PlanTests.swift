import Foundation
import TandemAgent
import TandemBlueprint
import TandemStack
import TandemTopology
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("What plan says")
struct PlanTests {
    private static let difference = "@@ -1,2 +1,2 @@\n global\n-    timeout server 35s\n+    timeout server 95s\n"

    private func report(_ hosts: [HostChange], isRunning: Bool = true, notes: [String] = []) -> PlanReport {
        PlanReport(
            stack: "shop", isRunning: isRunning, hasChanges: hosts.contains { $0.kind != .unchanged }, hosts: hosts,
            notes: notes, refusals: [])
    }

    private static let balancers = ["lb1", "lb2"].map {
        HostChange(
            host: $0, kind: .changed,
            services: [ServiceChange(service: "haproxy", step: .reload, reasons: ["haproxy.cfg"])],
            files: [FileChange(name: "haproxy.cfg", difference: difference)])
    }

    @Test("is one line when there is nothing to do")
    func nothing() {
        #expect(
            report([]).text(Style(isColored: false)) == "shop runs as the stack file says: nothing to do\n")
    }

    @Test("is every host in the order of the change, then each difference once")
    func whole() {
        let server = HostChange(
            host: "server2", kind: .changed,
            services: [
                ServiceChange(service: "mysql", step: .nothing),
                ServiceChange(service: "app", step: .restart, reasons: ["environment GREETING", "secret KEY"]),
                ServiceChange(service: "app-2", step: .stop),
            ], files: [])
        let new = HostChange(
            host: "server3", kind: .added,
            services: [ServiceChange(service: "nginx", step: .start), ServiceChange(service: "app", step: .start)],
            files: [FileChange(name: "nginx.conf", difference: "@@ -0,0 +1 @@\n+all\n")])
        let same = HostChange(
            host: "server1", kind: .unchanged, services: [ServiceChange(service: "app", step: .nothing)], files: [])
        #expect(
            report([new, server, same] + Self.balancers, notes: ["A note."]).text(Style(isColored: false)) == """
                shop runs. To take up the stack file, `tandem up` does, in this order:

                  server3    nginx    start    new
                             app      start
                  server2    app      restart  environment GREETING, secret KEY
                             app-2    stop
                  server1             nothing
                  lb1        haproxy  reload   haproxy.cfg
                  lb2        haproxy  reload   haproxy.cfg

                One host at a time; each serves before the next one is touched.
                A note.

                haproxy.cfg of lb1, lb2
                @@ -1,2 +1,2 @@
                 global
                -    timeout server 35s
                +    timeout server 95s

                """)
    }

    @Test("warns of what users notice, and says where the data of a host that leaves stays")
    func notes() {
        let mysql = [ServiceChange(service: "mysql", step: .restart, reasons: ["my.cnf"])]
        let hosts = ["server2", "server1"].map { HostChange(host: $0, kind: .changed, services: mysql, files: []) }
        let left = HostChange(
            host: "server3", kind: .removed, services: [ServiceChange(service: "mysql", step: .stop)], files: [])
        let notes = PlanNotes(
            change: StackChange(hosts: hosts + [left]), target: Sample.applied().stack, running: nil,
            primary: "server1", dataFolder: { "/state/hosts/\($0)/data" }
        ).all
        #expect(notes.count == 4)
        #expect(notes[0].hasPrefix("Writes wait for a moment while mysql of server2, a replica, restarts"))
        #expect(notes[1].hasPrefix("Writes pause for some seconds while mysql of server1, the primary, restarts"))
        #expect(notes[3] == "The data of server3 stays in /state/hosts/server3/data.")
    }

    @Test("says of the host that leads, wherever the file lists it, that writes pause for its restart")
    func movedPrimary() {
        let mysql = [ServiceChange(service: "mysql", step: .restart, reasons: ["my.cnf"])]
        let notes = PlanNotes(
            change: StackChange(
                hosts: ["server1", "server2"].map { HostChange(host: $0, kind: .changed, services: mysql, files: []) }),
            target: Sample.applied().stack, running: nil, primary: "server2", dataFolder: { $0 }
        ).all
        #expect(notes[0].contains("mysql of server1, a replica"))
        #expect(notes[1].contains("mysql of server2, the primary"))
    }
}

@Suite("What restart is asked for")
struct RestartTargetTests {
    private func resolve(_ names: String..., primary: String = "server1") throws -> [String] {
        let folder = try TemporaryFolder()
        let state = StackFolder(path: folder.path, environment: [:])
        let secrets = StackSecrets.generate()
        for host in Sample.laptop {
            try AppliedHost(applied: Sample.applied(), secrets: secrets).save(host: host.name, folder: state)
        }
        return try RestartTargets(applied: Sample.applied(), folder: state, primary: primary).resolve(names)
            .map { "\($0.host.name)/\($0.service.statusName)" }
    }

    @Test("is a service on every host, a host with all of its services, or one of the two, each once")
    func names() throws {
        #expect(try resolve("app") == ["server2/app", "server1/app"])
        #expect(try resolve("haproxy") == ["lb1/haproxy", "lb2/haproxy"])
        #expect(
            try resolve("server1", "app") == [
                "server2/app", "server1/mysql", "server1/router", "server1/app", "server1/nginx",
            ])
        #expect(try resolve("lb2", "server1/nginx", "lb2") == ["server1/nginx", "lb2/haproxy"])
    }

    @Test("comes to replicas before the primary, wherever the file lists them")
    func movedPrimary() throws {
        #expect(try resolve("mysql") == ["server2/mysql", "server1/mysql"])
        #expect(try resolve("mysql", primary: "server2") == ["server1/mysql", "server2/mysql"])
    }

    @Test("opens the database of who leads, or of the host that is named")
    func mysqlClient() throws {
        let folder = StackFolder(path: "/nowhere", environment: [:])
        func target(_ host: String?, _ primary: String?) throws -> String {
            try DatabaseClient(applied: Sample.applied(), folder: folder, host: host, primary: primary).target.name
        }
        #expect(try target(nil, "server1") == "server1" && target(nil, "server2") == "server2")
        #expect(try target("server1", "server2") == "server1")
        #expect(throws: Failure.self) { try target("lb1", "server2") }
        #expect(throws: Failure.self) { try target(nil, nil) }
    }

    @Test("is refused where nothing has that name, with the nearest that there is")
    func unknown() throws {
        for (name, near) in [("ap", "app"), ("sever2", "server2"), ("server1/ngnix", "server1/nginx")] {
            let failure = #expect(throws: Failure.self) { try resolve("app", name) }
            #expect(failure?.status == .usage)
            #expect(failure?.message.contains("no service or host named '\(name)'; did you mean '\(near)'?") == true)
        }
        let failure = #expect(throws: Failure.self) { try resolve("lb1/nginx") }
        #expect(failure?.message.contains("There are: mysql, router, app, nginx, haproxy, server2") == true)
    }
}
