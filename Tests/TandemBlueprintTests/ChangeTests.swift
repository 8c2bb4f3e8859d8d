import TandemStack
import TandemTopology
import Testing

import struct TandemStack.Host

@testable import TandemBlueprint

/// The stack of a laptop before and after somebody edited its file.
private struct Edit {
    var old = Sample.conduit.stack
    var new = Sample.conduit.stack
    var secrets: (old: [String: String], new: [String: String]) = ([:], [:])
    var certificates: Set<String> = []
    var broken: Set<String> = []

    init(_ change: (inout Stack) -> Void = { _ in }) { change(&new) }

    func layout(_ host: String) -> Layout { Sample.conduit.layout(Host(name: host, address: "127.31.7.1", roles: [])) }

    func versions(_ stack: Stack, _ secrets: [String: String], new: Bool = false) throws -> [HostVersion] {
        try stack.hosts.map { host in
            HostVersion(
                blueprint: try HostBlueprint(stack: stack, host: host, layout: layout(host.name)), secrets: secrets,
                certificates: new ? certificates.reduce(into: [:]) { $0[$1] = "new" } : [:])
        }
    }

    func change() throws -> StackChange {
        StackChange(
            from: try versions(old, secrets.old), to: try versions(new, secrets.new, new: true), layout: layout,
            primary: new.hosts(.database).first?.name, broken: broken)
    }

    /// One line a service that is touched, in the order of the roll-out.
    func lines() throws -> [String] {
        try change().hosts.flatMap { host in
            host.touched.map { service in
                "\(host.host) \(service.service) \(service.step.rawValue)"
                    + (service.reasons.isEmpty ? "" : ": " + service.reasons.joined(separator: ", "))
            }
        }
    }
}

private let server3 = Host(name: "server3", address: "127.31.7.23", roles: [.web, .app, .database])

@Suite("What lies between two versions of a stack")
struct ChangeTests {
    @Test("is nothing when nothing differs")
    func nothing() throws {
        let change = try Edit().change()
        #expect(change.isEmpty)
        #expect(change.hosts.map(\.kind) == Array(repeating: .unchanged, count: 4))
        #expect(change.hosts.flatMap(\.services).allSatisfy { $0.step == .nothing })
    }

    @Test("is a reload where only generated files differ, replicas' hosts first, the primary's next, balancers last")
    func reload() throws {
        #expect(
            try Edit {
                $0.app.requestTimeoutSeconds = 90
                $0.web.bodyLimitBytes = 2 << 20
            }.lines() == [
                "server2 nginx reload: nginx.conf", "server1 nginx reload: nginx.conf",
                "lb1 haproxy reload: haproxy.cfg", "lb2 haproxy reload: haproxy.cfg",
            ])
        #expect(
            try Edit { $0.balancer.algorithm = .leastconn }.lines() == [
                "lb1 haproxy reload: haproxy.cfg", "lb2 haproxy reload: haproxy.cfg",
            ])
    }

    @Test("is a reload of what watches for its rules and receivers, and a restart for a secret")
    func monitoring() throws {
        var edit = Edit { $0.monitoring = Monitoring() }
        #expect(try edit.lines().filter { $0.hasPrefix("lb1") } == ["lb1 alertmanager start", "lb1 prometheus start"])
        edit.old.monitoring = Monitoring()
        #expect(try edit.change().isEmpty)
        // Rules alone differ, as those of another version do.
        let layout = edit.layout("lb1")
        var versions = try edit.versions(edit.new, [:])
        let place = try #require(versions[0].blueprint.files.firstIndex { $0.path == layout.alertRulesFile })
        versions[0].blueprint.files[place].contents += "\n# a comment"
        #expect(HostChange(from: try edit.versions(edit.old, [:])[0], to: versions[0], layout: layout).touched.isEmpty)
        versions[0].blueprint.files[place].contents += "\n- more"
        #expect(
            HostChange(from: try edit.versions(edit.old, [:])[0], to: versions[0], layout: layout).touched == [
                ServiceChange(service: "prometheus", step: .reload, reasons: ["alerts.yml"])
            ])
        edit.new.monitoring?.alerts.slack = .secret(.environment("URL"))
        edit.old.monitoring?.alerts.slack = .secret(.environment("URL"))
        edit.secrets = ([AlertReceivers.slackSecret: "a"], [AlertReceivers.slackSecret: "b"])
        #expect(
            try edit.lines() == ["lb1", "lb2"].map { "\($0) alertmanager restart: secret ALERTS_SLACK" })
    }

    @Test("is a restart of the app for its environment, its secrets and its command, which are named and not shown")
    func app() throws {
        #expect(
            try Edit { $0.app.environment = ["GREETING": "hush"] }.lines() == [
                "server2 app restart: environment GREETING", "server1 app restart: environment GREETING",
            ])
        #expect(
            try Edit { $0.app.run = "./conduit serve --fast" }.lines() == [
                "server2 app restart: command", "server1 app restart: command",
            ])
        var edit = Edit { $0.app.secrets = ["KEY": .environment("KEY")] }
        edit.old = edit.new
        edit.secrets = (["app.KEY": "1"], ["app.KEY": "2"])
        #expect(
            try edit.lines() == ["server2 app restart: secret KEY", "server1 app restart: secret KEY"])
        edit.secrets = (["app.KEY": "1"], ["app.KEY": "1"])
        #expect(try edit.change().isEmpty)
    }

    @Test("is a restart of mysqld for its settings, the replica's first")
    func database() throws {
        #expect(
            try Edit { $0.database.settings = ["innodb_buffer_pool_size": "256M"] }.lines() == [
                "server2 mysql restart: my.cnf", "server1 mysql restart: my.cnf",
            ])
        // mysqld takes up a certificate as it runs, but not the settings beside it.
        var edit = Edit { $0.database.settings = ["innodb_buffer_pool_size": "256M"] }
        edit.certificates = [edit.layout("server1").databaseCertificateFile]
        #expect(try edit.lines().contains("server1 mysql restart: my.cnf, certificate"))
    }

    @Test("leaves a service alone whose program has another path only where it has")
    func program() throws {
        var edit = Edit()
        edit.new = edit.old
        let old = try edit.versions(edit.old, [:])
        var new = old
        let mysql = try #require(new[3].blueprint.services.firstIndex { $0.name == .mysql })
        new[3].blueprint.services[mysql].command[0] = "/engines/mysql-new/mysqld"
        let change = HostChange(from: old[3], to: new[3], layout: edit.layout("server2"))
        #expect(change.touched == [ServiceChange(service: "mysql", step: .restart, reasons: ["program"])])
    }

    @Test("starts further instances of the app before nginx learns of them, and stops surplus ones after")
    func instances() throws {
        #expect(
            try Edit { $0.app.instances = 2 }.lines().prefix(2) == [
                "server2 app-2 start", "server2 nginx reload: nginx.conf",
            ])
        var edit = Edit()
        edit.old.app.instances = 2
        #expect(try edit.lines().prefix(2) == ["server2 nginx reload: nginx.conf", "server2 app-2 stop"])
    }

    @Test("starts a new server first and tells the balancers of it last")
    func added() throws {
        var edit = Edit { $0.hosts.append(server3) }
        edit.certificates = [edit.layout("server1").webCertificateFile, edit.layout("server1").databaseCertificateFile]
        let change = try edit.change()
        // Of three hosts with data all vote: lb1 gives its vote up, after all others have taken up the change.
        #expect(change.hosts.map(\.host) == ["server3", "server2", "server1", "lb2", "lb1"])
        #expect(change.hosts.map(\.kind) == [.added, .changed, .changed, .changed, .changed])
        #expect(
            try edit.lines() == [
                "server3 etcd start", "server3 mysql start", "server3 router start", "server3 app start",
                "server3 nginx start",
                "server2 router refresh: router.cfg", "server2 nginx reload: nginx.conf",
                "server1 mysql refresh: certificate", "server1 router refresh: router.cfg",
                "server1 nginx reload: nginx.conf, certificate",
                "lb2 haproxy reload: haproxy.cfg", "lb1 haproxy reload: haproxy.cfg", "lb1 etcd stop",
            ])
    }

    @Test("stops a server that leaves last, when nobody sends anything there any more")
    func removed() throws {
        var edit = Edit()
        edit.old.hosts.append(server3)
        let change = try edit.change()
        #expect(change.hosts.map(\.host) == ["lb1", "server2", "server1", "lb2", "server3"])
        #expect(change.hosts.last?.kind == .removed)
        #expect(change.hosts.last?.services.map(\.service) == ["nginx", "app", "router", "mysql", "etcd"])
        #expect(change.hosts.last?.services.allSatisfy { $0.step == .stop } == true)
    }

    @Test("stops balancers first where several hosts leave, wherever they stand in the file")
    func removedBalancer() throws {
        var edit = Edit()
        edit.old.hosts.insert(server3, at: 0)
        edit.old.hosts.append(Host(name: "lb3", address: "127.31.7.13", roles: [.balancer]))
        #expect(try edit.change().hosts.suffix(2).map(\.host) == ["lb3", "server3"])
    }

    @Test("lets a host that gains a role go first, and one that loses a role last")
    func roles() throws {
        var edit = Edit()
        edit.old.hosts[3].roles = [.web, .app, .database]
        edit.new.hosts[3].roles = [.web, .app]
        // With the second database go all votes but the first one's.
        #expect(try edit.change().hosts.map(\.host) == ["server1", "lb2", "lb1", "server2"])
        #expect(try edit.lines().suffix(2) == ["server2 mysql stop", "server2 etcd stop"])
        swap(&edit.old, &edit.new)
        #expect(try edit.change().hosts.map(\.host) == ["lb1", "server2", "server1", "lb2"])
        // What it does no more is still asked for until all others know.
        edit.old.hosts[3].roles = [.web, .app, .database]
        edit.new.hosts[3].roles = [.app, .database, .balancer]
        #expect(try edit.change().hosts.last?.host == "server2")
    }

    @Test("mends what is broken before it touches what works")
    func broken() throws {
        var edit = Edit { $0.app.environment = ["A": "1"] }
        edit.broken = ["server1"]
        #expect(try edit.change().hosts.prefix(2).map(\.host) == ["server1", "server2"])
    }

    @Test("takes comments for nothing")
    func comments() throws {
        let edit = Edit()
        let old = try edit.versions(edit.old, [:])
        var new = old
        // lb2, which has this file alone.
        new[1].blueprint.files[0].contents += "    # more words\n\n"
        let change = HostChange(from: old[1], to: new[1], layout: edit.layout("lb2"))
        #expect(change.touched.isEmpty && change.files.map(\.name) == ["haproxy.cfg"])
    }

    @Test("is refused where the primary or what it stands on would move, with the key that asks for it")
    func refusals() {
        func paths(_ change: (inout Stack) -> Void) -> [[String]] {
            let edit = Edit(change)
            return StackChange.refusals(
                from: edit.old, to: edit.new,
                placement: .founding(databaseHosts: edit.old.hosts(.database).map(\.name))
            ).map(\.path)
        }
        #expect(paths { $0.app.run = "./other" } == [])
        #expect(paths { $0.hosts.remove(at: 2) } == [["hosts"]])
        #expect(paths { $0.hosts.remove(at: 3) } == [])
        #expect(paths { $0.hosts.swapAt(2, 3) } == [])
        #expect(paths { $0.hosts[0].address = "127.31.7.99" } == [["hosts", "lb1", "address"]])
        #expect(paths { $0.balancer.httpsPort = Port(9443, isFixed: true) } == [["balancer", "https_port"]])
        #expect(paths { $0.balancer.httpPort = Port(9080, isFixed: true) } == [["balancer", "http_port"]])
        #expect(paths { $0.balancer.httpsPort.isFixed = true } == [])
        #expect(paths { $0.database.name = "other" } == [["database", "name"]])
    }

    @Test(
        "is refused where whoever leads would have no database any more, and the order of hosts says nothing of who that is"
    )
    func movedPrimary() {
        func messages(_ change: (inout Stack) -> Void) -> [String] {
            let edit = Edit(change)
            return StackChange.refusals(
                from: edit.old, to: edit.new, placement: Placement(epoch: 2, primary: "server2", partner: "server1")
            ).map(\.message)
        }
        #expect(messages { $0.hosts.swapAt(2, 3) } == [])
        #expect(messages { $0.hosts.remove(at: 2) } == [])
        #expect(messages { $0.hosts[1].roles.append(.database) } == [])
        for primary in [messages { $0.hosts[3].roles = [.web, .app] }, messages { $0.hosts.remove(at: 3) }] {
            #expect(primary.count == 1)
            #expect(primary.first?.hasPrefix("server2 is the primary, and is no longer a database host") == true)
        }
    }

    @Test("comes to who leads when those who follow have stood it, wherever the file lists them")
    func primaryLast() throws {
        let edit = Edit { $0.database.settings = ["max_connections": "99"] }
        let change = StackChange(
            from: try edit.versions(edit.old, [:]), to: try edit.versions(edit.new, [:]), layout: edit.layout,
            primary: "server2")
        #expect(change.hosts.map(\.host) == ["server1", "server2", "lb1", "lb2"])
    }
}

@Suite("The difference between two files")
struct LineDifferenceTests {
    @Test("is empty between equal texts")
    func equal() { #expect(LineDifference(from: "a\nb\n", to: "a\nb\n").unified().isEmpty) }

    @Test("is what diff -u prints, with three lines around")
    func unified() {
        let old = (1...20).map { "line \($0)" }
        var new = old
        new[4] = "line five"
        new.remove(at: 18)
        new.insert("more", at: 18)
        let text = LineDifference(from: old.joined(separator: "\n") + "\n", to: new.joined(separator: "\n") + "\n")
            .unified()
        #expect(
            text == """
                @@ -2,7 +2,7 @@
                 line 2
                 line 3
                 line 4
                -line 5
                +line five
                 line 6
                 line 7
                 line 8
                @@ -16,5 +16,5 @@
                 line 16
                 line 17
                 line 18
                -line 19
                +more
                 line 20

                """)
        #expect(LineDifference(from: "", to: "a\nb\n").unified() == "@@ -0,0 +1,2 @@\n+a\n+b\n")
        #expect(LineDifference(from: "a\n", to: "").unified() == "@@ -1 +0,0 @@\n-a\n")
    }
}

@Suite("A router's servers")
struct RouterServersTests {
    private func file(_ stack: Stack) throws -> String {
        let host = try #require(stack.hosts(.app).first)
        let blueprint = try HostBlueprint(stack: stack, host: host, layout: Sample.conduit.layout(host))
        return try #require(blueprint.files.first { $0.name == "router.cfg" }).contents
    }

    @Test("are all that differs when a database host comes or goes")
    func remainder() throws {
        var more = Sample.conduit.stack
        more.hosts.append(server3)
        let (old, new) = (RouterServers(file: try file(Sample.conduit.stack)), RouterServers(file: try file(more)))
        #expect(old.remainder == new.remainder && !old.remainder.isEmpty)
        #expect(
            old.servers.map { "\($0.section)/\($0.name)" } == [
                "write/server1", "write/server2", "read/server1", "read/server2",
            ])
        #expect(new.servers.count == 6)
    }

    @Test("are added closed, with the checks that those in the file have")
    func add() throws {
        let router = RouterServers(file: try file(Sample.conduit.stack))
        let commands = router.commandsToAdd(router.servers[1])
        #expect(commands.count == 3)
        #expect(
            commands[0].hasPrefix(
                #"add server write/server2 127.31.7.22:3306 agent-send write\ server2! disabled check"#))
        #expect(commands[0].contains("on-marked-down shutdown-sessions"))
        #expect(commands[0].hasSuffix("agent-check agent-addr 127.31.7.21 agent-port 8008 agent-inter 1s"))
        #expect(commands[1...] == ["enable health write/server2", "enable agent write/server2"])
    }

    @Test("are closed before their sessions are ended, and only then removed")
    func remove() throws {
        let router = RouterServers(file: try file(Sample.conduit.stack))
        #expect(
            router.commandsToRemove(router.servers[1]) == [
                "disable agent write/server2", "disable health write/server2", "set server write/server2 state maint",
                "shutdown sessions server write/server2", "del server write/server2",
            ])
    }
}

@Suite("A refused file")
struct RefusalOriginTests {
    @Test("leads to the setting of mysqld that it names, whichever way it is written")
    func mysql() {
        let file = FileBlueprint(path: "/etc/my.cnf", contents: "")
        func path(_ words: String) -> [String] {
            RefusalOrigin.path(
                service: .mysql, words: words, file: file, settings: ["max_connection", "max_connections", "no_such"])
        }
        #expect(path("[ERROR] unknown variable 'no-such=1'.") == ["database", "settings", "no_such"])
        #expect(path("unknown variable 'max_connections=x'") == ["database", "settings", "max_connections"])
        #expect(path("out of memory") == ["database", "settings"])
        #expect(RefusalOrigin.path(service: .mysql, words: "no", file: file, settings: [String]()) == [])
    }

    @Test("leads to the section whose comment stands above the refused line")
    func section() {
        let file = FileBlueprint(
            path: "/x/nginx.conf", contents: "a\n# [web] body_limit\nb\n# [app.timeouts] request, too\nc\nd\n")
        func path(_ words: String) -> [String] {
            RefusalOrigin.path(service: .nginx, words: words, file: file, settings: [String]())
        }
        #expect(path("[emerg] unknown directive in /x/nginx.conf:3") == ["web", "body_limit"])
        #expect(
            path("[emerg] in /x/nginx.conf:6\nnginx: configuration file /x/nginx.conf test failed") == [
                "app", "timeouts", "request",
            ])
        #expect(path("in /x/nginx.conf:1") == [])
        #expect(path("in /x/nginx.conf:99") == [] && path("no") == [])
    }
}
