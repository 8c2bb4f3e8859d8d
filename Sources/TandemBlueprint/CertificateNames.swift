import TandemStack

/// What a certificate's subject alternative names must hold, because the generated configuration dials it.
public struct CertificateNames: Sendable, Equatable {
    /// DNS names, without repetitions.
    public var names: [String]
    /// IPv4 addresses in dotted decimal, without repetitions.
    public var addresses: [String]

    public init(names: [String], addresses: [String]) {
        self.names = names.uniqued
        self.addresses = addresses.uniqued
    }
}

/// Inside a stack a server is known by a name of its kind, so that the key of one cannot stand for another one of the
/// same host.
extension Stack {
    /// For `Layout.webCertificateFile` of a host. Names only: no client verifies nginx's certificate by address.
    public func webCertificateNames(of host: Host) -> CertificateNames {
        CertificateNames(names: [webName(of: host), sharedAppName, sharedWebName], addresses: [])
    }

    /// For `Layout.databaseCertificateFile` of a host. Clients dial mysqld by address, and some through the database
    /// routers, on the loopback address of each app host.
    public func databaseCertificateNames(of host: Host) -> CertificateNames {
        CertificateNames(
            names: ["\(host.name).database.\(internalDomain)"],
            addresses: [host.address, host.loopbackAddress] + hosts(.app).map(\.loopbackAddress))
    }

    /// For an agent's own certificate. The keeper asks by address.
    public func agentCertificateNames(of host: Host) -> CertificateNames {
        CertificateNames(names: [Self.agentName(of: host.name, stack: name)], addresses: [host.address])
    }

    /// For `Layout.storeCertificateFile` of a host. Agents call etcd by name, its other members by address. Members
    /// look whether a peer's certificate names the address that it calls from: of hosts on one machine that is
    /// 127.0.0.1.
    public func storeCertificateNames(of host: Host) -> CertificateNames {
        CertificateNames(
            names: [storeName(of: host), storePeerName],
            addresses: [host.address] + (host.isOnLoopback ? ["127.0.0.1"] : []))
    }

    /// For `Layout.frontBundleFile` of every balancer: what users dial.
    public var frontCertificateNames: CertificateNames {
        CertificateNames(
            names: [domain, "localhost"],
            addresses: hosts(.balancer).map(\.address) + frontAddresses.map(\.address)
                + [shownAddress, "127.0.0.1"].compactMap(\.self))
    }

    /// All that the stack's authority ever has to sign names below.
    public var certificateDomains: [String] { [domain, "localhost", internalDomain] }

    /// The name under which an agent is called.
    public static func agentName(of host: String, stack: String) -> String {
        "\(host).agent.\(internalDomain(stack: stack))"
    }

    /// The name under which agents call a host's etcd.
    public func storeName(of host: Host) -> String { "\(host.name).store.\(internalDomain)" }
    /// What every member of etcd, and no client of it, is called as well: members let nobody else in among them.
    var storePeerName: String { "store.\(internalDomain)" }

    /// For `Layout.monitorCertificateFile` of a host. By name alone, so that its key cannot stand for an agent, which
    /// is called by address too.
    public func monitorCertificateNames(of host: Host) -> CertificateNames {
        CertificateNames(names: [monitorName(of: host), sharedMonitorName], addresses: [])
    }

    /// The clients that Prometheus and Alertmanager admit, by the URI name in each client's certificate
    /// (`CertificateIdentity` of TandemPKI).
    var monitorCallers: [String] {
        ["tandem://\(name)/command-line"] + monitors.map { "tandem://\(name)/monitor/\($0.name)" }
    }

    /// The name under which the command line calls a host's Alertmanager.
    public func monitorName(of host: Host) -> String { "\(host.name).monitor.\(internalDomain)" }
    /// The name under which monitors call each other, whichever it is.
    var sharedMonitorName: String { "monitor.\(internalDomain)" }

    /// The name under which balancers call a host's nginx.
    func webName(of host: Host) -> String { "\(host.name).web.\(internalDomain)" }
    /// The name under which nginx calls another host's app, whichever host that is.
    var sharedAppName: String { "app.\(internalDomain)" }
    /// The name under which a web server may be called, whichever it is.
    var sharedWebName: String { "web.\(internalDomain)" }
}

extension [String] {
    /// Each element once, where it comes first.
    var uniqued: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
