/// Every fault that there is for a stack, in an order in which nothing is struck often within a short time.
public enum FaultList {
    /// - Parameter limits: of the place that the stack is at.
    public static func all(_ look: StackLook, limits: PlaceLimits = .ordinaryUser) -> [any Fault] {
        var faults: [any Fault] = []
        let services = look.hosts.flatMap { host in host.services.map { (host.name, $0.name) } }
        for (host, service) in services { faults.append(kill(service, host, look)) }
        for (host, service) in services { faults.append(freeze(service, host, look)) }
        for (host, service) in services { faults.append(restart(service, host, look)) }
        for host in look.hosts.map(\.name) {
            faults.append(
                KillFault(
                    name: "kill \(host)/agent", event: "The agent of \(host) is killed",
                    promise: Promise(writes: .uncut), victims: [.agent(host)]))
        }
        for host in look.hosts.map(\.name) {
            faults.append(
                FreezeFault(
                    name: "freeze \(host)/agent", event: "The agent of \(host) is frozen",
                    promise: Promise(writes: .uncut), victims: [.agent(host)]))
        }
        if !look.areMachines {
            faults.append(
                KillFault(
                    name: "kill keeper", event: "The keeper is killed", promise: Promise(writes: .uncut),
                    victims: [.keeper]))
        }
        faults += storeFaults(look)
        for host in look.hosts { faults.append(lose(host, look)) }
        if look.areMachines { for host in look.hosts { faults.append(reboot(host, look, limits)) } }
        for host in look.hosts { faults.append(pause(host, look)) }
        for host in look.hosts { faults.append(isolate(host, look, limits)) }
        if look.canSwitchOver { faults.append(cutPair(look, limits)) }
        for host in look.hosts where !look.areMachines && host.services.contains(where: { $0.name == "mysql" }) {
            faults.append(
                DiskFault(
                    name: "fill \(host.name)/mysql",
                    event: "The disk of t\(title("mysql", host.name, look).dropFirst()) is full for 15 s",
                    host: host.name,
                    folder: look.ownDisks[host.name]))
        }
        faults.append(ClockFault(limit: limits.clock))
        let apps = look.hosts.flatMap { host in
            host.services.filter { $0.name == "app" || $0.name.hasPrefix("app-") }.map {
                Part.service($0.name, host: host.name)
            }
        }
        faults.append(RollingFault(victims: apps))
        if look.canSwitchOver { faults.append(SwitchoverFault()) }
        // Where systemd keeps the agents, they would be back before the last process is killed.
        faults.append(
            look.areMachines
                ? RebootFault(
                    name: "reboot all",
                    event: "All machines go without a word, as when the power fails, and boot, which is not counted",
                    promise: Promise(readsGoOn: false, writes: .none), hosts: look.hosts.map(\.name),
                    limit: limits.power)
                : OutageFault(victims: look.allParts))
        return faults
    }

    /// Those in whose names each of the words stands, or all where there are none.
    /// - Parameter words: separated by blanks; a comma begins another choice. One that begins with `=` is a fault's
    ///   whole name.
    public static func chosen(_ faults: [any Fault], _ words: String?) -> [any Fault] {
        guard let words else { return faults }
        let choices = words.lowercased().split(separator: ",").map { $0.trimmingPrefix { $0 == " " } }
        return faults.filter { fault in
            choices.contains { choice in
                if choice.first == "=" { return choice.dropFirst() == fault.name.lowercased() }
                let parts = choice.split(separator: " ")
                return !parts.isEmpty && parts.allSatisfy { fault.name.contains($0) }
            }
        }
    }

    /// Who leads is decided there, and nothing else: without it all goes on as it is.
    private static func storeFaults(_ look: StackLook) -> [any Fault] {
        let members = look.hosts(of: "etcd").map { Part.service("etcd", host: $0) }
        guard members.count > 1 else { return [] }
        return [
            KillFault(
                name: "kill all etcd", event: "etcd is killed on every host at once", promise: Promise(writes: .uncut),
                victims: members),
            FreezeFault(
                name: "freeze all etcd", event: "etcd is frozen on every host", promise: Promise(writes: .uncut),
                victims: members),
        ]
    }

    private static func isolate(_ host: StackLook.Host, _ look: StackLook, _ limits: PlaceLimits) -> any Fault {
        let services = host.services.map(\.name)
        return CutFault(
            name: "cut \(host.name)", event: "\(host.name) is cut off from all other hosts for 12 s",
            promise: Promise(writes: services.contains("mysql") ? .wait : .goOn), scope: .host(host.name),
            parts: look.parts(of: host.name), needsOthers: services,
            limit: services.contains("haproxy") && !look.areMachines ? CutFault.sharedSocket : limits.network)
    }

    private static func cutPair(_ look: StackLook, _ limits: PlaceLimits) -> any Fault {
        let servers = look.hosts.filter { $0.services.contains { $0.name == "mysql" } }.map(\.name)
        return CutFault(
            name: "cut replication", event: "The connections between the database servers are cut for 12 s",
            promise: Promise(writes: .wait), scope: .connections,
            parts: servers.map { .service("mysql", host: $0) }, needsOthers: [], limit: limits.network)
    }

    private static func promise(_ service: String, isOrdered: Bool) -> Promise {
        service == "mysql" ? Promise(writes: .wait) : Promise(writes: isOrdered ? .uncut : .goOn)
    }

    private static func title(_ service: String, _ host: String, _ look: StackLook) -> String {
        guard service == "mysql" else { return "\(service) on \(host)" }
        return look.primary == host ? "The primary's mysqld, on \(host)," : "The replica's mysqld, on \(host),"
    }

    private static func kill(_ service: String, _ host: String, _ look: StackLook) -> any Fault {
        KillFault(
            name: "kill \(host)/\(service)", event: "\(title(service, host, look)) is killed",
            promise: promise(service, isOrdered: false), victims: [.service(service, host: host)],
            needsOthers: [service], host: host)
    }

    private static func freeze(_ service: String, _ host: String, _ look: StackLook) -> any Fault {
        FreezeFault(
            name: "freeze \(host)/\(service)", event: "\(title(service, host, look)) is frozen",
            promise: promise(service, isOrdered: false), victims: [.service(service, host: host)],
            needsOthers: [service], host: host)
    }

    private static func restart(_ service: String, _ host: String, _ look: StackLook) -> any Fault {
        RestartFault(
            name: "restart \(host)/\(service)", event: "\(title(service, host, look)) is restarted",
            promise: promise(service, isOrdered: true), service: service, host: host)
    }

    private static func lose(_ host: StackLook.Host, _ look: StackLook) -> any Fault {
        let services = host.services.map(\.name)
        return HostFault(
            name: "kill \(host.name)",
            event: "All of \(host.name), its services and its agent, is killed at once and stays down for 12 s",
            promise: Promise(writes: services.contains("mysql") ? .wait : .goOn), victims: look.parts(of: host.name),
            services: services, host: host.name)
    }

    private static func reboot(_ host: StackLook.Host, _ look: StackLook, _ limits: PlaceLimits) -> any Fault {
        let services = host.services.map(\.name)
        return RebootFault(
            name: "reboot \(host.name)",
            event: "\(host.name) goes without a word, as when its power fails, and boots, which is not counted",
            promise: Promise(writes: services.contains("mysql") ? .wait : .goOn), services: services,
            hosts: [host.name],
            limit: limits.power)
    }

    /// As when a virtual machine is stopped for a moment: its kernel goes on to take connections and what is sent on
    /// them.
    private static func pause(_ host: StackLook.Host, _ look: StackLook) -> any Fault {
        let services = host.services.map(\.name)
        return FreezeFault(
            name: "freeze \(host.name)", event: "All of \(host.name), its services and its agent, is frozen",
            promise: Promise(writes: services.contains("mysql") ? .wait : .goOn), victims: look.parts(of: host.name),
            needsOthers: services, host: host.name)
    }
}
