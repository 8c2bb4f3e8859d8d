import TandemStack

/// Signal numbers, the same on every Linux that Tandem runs on.
enum Signal {
    static let hup: Int32 = 1
    static let quit: Int32 = 3
    static let kill: Int32 = 9
    static let usr1: Int32 = 10
    static let usr2: Int32 = 12
    static let term: Int32 = 15
}

extension Site {
    var haproxyService: ServiceBlueprint {
        let balancer = stack.balancer
        return ServiceBlueprint(
            name: .haproxy,
            command: [layout.programs.haproxy, "-W", "-db", "-f", layout.haproxyFile],
            check: [layout.programs.haproxy, "-c", "-q", "-f", layout.haproxyFile],
            workingDirectory: layout.hostFolder,
            readiness: .http(address: host.address, port: Ports.balancerMetrics, path: "/health"),
            startTimeoutSeconds: 10,
            stop: .init(signal: Signal.usr1, boundSeconds: 5),
            reloadSignal: Signal.usr2,
            listeners: [
                .init(address: host.address, port: balancer.httpPort.number, reach: .users),
                .init(address: host.address, port: balancer.httpsPort.number, reach: .users),
                .init(address: host.address, port: Ports.balancerMetrics, reach: .stack),
            ],
            sockets: frontSockets)
    }

    var routerService: ServiceBlueprint {
        ServiceBlueprint(
            name: .router,
            command: [layout.programs.haproxy, "-W", "-db", "-f", layout.routerFile],
            check: [layout.programs.haproxy, "-c", "-q", "-f", layout.routerFile],
            workingDirectory: layout.hostFolder,
            readiness: .tcp(address: host.loopbackAddress, port: Ports.routerWrite),
            startTimeoutSeconds: 10,
            // By now the app is gone, and pooled sessions never end by themselves.
            stop: .init(signal: Signal.term, boundSeconds: 5),
            reloadSignal: Signal.usr2,
            listeners: [Ports.routerWrite, Ports.routerRead].map {
                .init(address: host.loopbackAddress, port: $0, reach: .host)
            })
    }

    var nginxService: ServiceBlueprint {
        let start = [layout.programs.nginx, "-p", layout.hostFolder + "/", "-e", "stderr", "-c", layout.nginxFile]
        var listeners: [ServiceBlueprint.Listener] = []
        if host.has(.web) { listeners.append(.init(address: host.address, port: Ports.web, reach: .stack)) }
        if host.has(.app) { listeners.append(.init(address: host.address, port: Ports.appDoor, reach: .stack)) }
        return ServiceBlueprint(
            name: .nginx,
            command: NginxFile(site: self).hasPeerHop ? Self.without(layout.peerSocket, start) : start,
            check: start + ["-t", "-q"],
            workingDirectory: layout.hostFolder,
            readiness: .tcp(address: host.address, port: host.has(.web) ? Ports.web : Ports.appDoor),
            startTimeoutSeconds: 10,
            stop: .init(signal: Signal.quit, boundSeconds: 5),
            reloadSignal: Signal.hup,
            listeners: listeners)
    }

    /// A command after a socket was deleted: nginx leaves its own behind when it is killed, and then cannot make it
    /// anew.
    private static func without(_ socket: String, _ command: [String]) -> [String] {
        ["/bin/sh", "-c", #"rm -f "$0" && exec "$@""#, socket] + command
    }

    var mysqlService: ServiceBlueprint {
        ServiceBlueprint(
            name: .mysql,
            command: [layout.programs.mysqld, "--defaults-file=\(layout.mysqlFile)"],
            check: [layout.programs.mysqld, "--defaults-file=\(layout.mysqlFile)", "--validate-config"],
            workingDirectory: layout.hostFolder,
            readiness: .database,
            // Crash recovery of a large database takes its time.
            startTimeoutSeconds: 600,
            // Never SIGTERM: an open server would acknowledge writes that its partner lacks. The agent fences it and
            // has it shut down in SQL; this is what is left if that fails.
            stop: .init(signal: Signal.kill, boundSeconds: 10),
            listeners: [
                .init(address: host.address, port: Ports.mysql, reach: .stack),
                .init(address: host.loopbackAddress, port: Ports.mysqlAdmin, reach: .host),
            ])
    }
}

extension HostBlueprint {
    /// The command that makes an empty data directory (`Layout.mysqlDataFolder`, which must not exist or be empty):
    /// run it with the rights of the engines, from any folder. Its root user has no password and can only come in
    /// through the socket, until the agent gives out users. Nothing of it is in the binary log, and no GTID is used up.
    /// mysqld warns that it does not know the `loose_` settings, because it loads no plugins for this.
    public static func mysqlInitialise(layout: Layout) -> [String] {
        [
            layout.programs.mysqld, "--defaults-file=\(layout.mysqlFile)", "--initialize-insecure", "--skip-log-bin",
        ]
    }
}
