/// Finds, from the stack alone, every process and every host whose loss by itself stops reads or writes, for longer
/// than a health check takes.
///
/// A process that dies is started again within seconds. It counts all the same: what cannot be started again, because
/// its disk is full or its program is broken, is what a second one is for.
public struct SinglePoints: Sendable {
    public var stack: Stack
    /// The database host that leads; nil: the one with which the stack begins.
    public var primary: String?

    public init(stack: Stack, primary: String? = nil) {
        self.stack = stack
        self.primary = primary
    }

    /// Processes in the order in which a request meets them, then hosts in the order of the file, then the machine.
    public var found: [SinglePoint] {
        let processes = balancers + webServers + apps + databases
        return processes + hosts(processes) + machine
    }

    private static let all = SinglePoint.Loss.allCases

    // MARK: - Processes

    private var balancers: [SinglePoint] {
        only(.balancer).map {
            process("haproxy", $0, Self.all, "it is the only balancer", "give a second host the role balancer")
        }
    }

    private var webServers: [SinglePoint] {
        let web = only(.web).map {
            process("nginx", $0, Self.all, "it is the only web server", "give a second host the role web")
        }
        // Other web servers reach an app through the nginx of its host.
        let doors = only(.app).filter { app in !web.contains { $0.host == app.name } && stack.hosts(.web) != [app] }
            .map {
                process(
                    "nginx", $0, Self.all, "the only app is reached through it", "give a second host the role app")
            }
        return web + doors
    }

    private var apps: [SinglePoint] {
        only(.app).flatMap { host in
            let remedy = "give a second host the role app"
            let app =
                stack.app.instances == 1
                ? [process("app", host, Self.all, "it is the only instance of the app", remedy)] : []
            return app + [
                process("router", host, Self.all, "the only app host reaches the databases through it", remedy)
            ]
        }
    }

    private static let moreVoters = "have three voters on hosts of their own"

    private var databases: [SinglePoint] {
        let hosts = stack.hosts(.database)
        guard let primary = hosts.first(where: { $0.name == self.primary }) ?? hosts.first else { return [] }
        guard let partner = hosts.first(where: { $0.name != primary.name }) else {
            return [
                process(
                    "mysql", primary, Self.all, "it is the only database", "give a second host the role database")
            ]
        }
        return [
            survives(primary)
                ? nil
                : process(
                    "mysql", primary, [.writes],
                    "it is the primary, and too few voters are left to choose another", Self.moreVoters),
            survives(partner)
                ? nil
                : process(
                    "mysql", partner, [.writes],
                    "it has to confirm each write, and too few voters are left to let the primary go on alone",
                    Self.moreVoters),
        ].compactMap(\.self)
    }

    // MARK: - Votes

    /// Whether the rest may decide who leads once this host is gone.
    private func survives(_ host: Host) -> Bool {
        let voters = stack.voters
        return voters.filter { $0.name != host.name }.count * 2 > voters.count
    }

    // MARK: - Hosts

    /// A host is one if any of its processes is, or all of its instances of the app together.
    private func hosts(_ processes: [SinglePoint]) -> [SinglePoint] {
        stack.hosts.compactMap { host in
            let own = processes.filter { $0.host == host.name }
            guard !own.isEmpty else { return nil }
            let stops = Self.all.filter { loss in own.contains { $0.stops.contains(loss) } }
            let remedies = own.map(\.remedy).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
            return SinglePoint(
                kind: .host, host: host.name, service: nil, stops: stops,
                reason: "the host runs \(own.compactMap(\.service).joined(separator: ", "))",
                remedy: remedies.joined(separator: "; "))
        }
    }

    private var machine: [SinglePoint] {
        guard stack.isOnThisMachine else { return [] }
        return [
            SinglePoint(
                kind: .machine, host: nil, service: nil, stops: Self.all,
                reason: "all hosts are this one machine", remedy: "give the hosts addresses of machines of their own")
        ]
    }

    // MARK: - Parts

    /// The host that has a role, if it alone has it.
    private func only(_ role: Role) -> [Host] {
        let hosts = stack.hosts(role)
        return hosts.count == 1 ? hosts : []
    }

    private func process(
        _ service: String, _ host: Host, _ stops: [SinglePoint.Loss], _ reason: String, _ remedy: String
    ) -> SinglePoint {
        SinglePoint(kind: .process, host: host.name, service: service, stops: stops, reason: reason, remedy: remedy)
    }
}
