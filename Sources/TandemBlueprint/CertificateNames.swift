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

extension Stack {
    /// For `Layout.certificateFile` of a host: between the parts of the stack. It serves as server and as client.
    public func certificateNames(of host: Host) -> CertificateNames {
        // mysqld is also dialled through the database routers, on the loopback address of each app host.
        let routers = host.has(.database) ? hosts(.app).map(\.loopbackAddress) : []
        return CertificateNames(
            names: [host.name, sharedAppName, sharedWebName],
            addresses: [host.address, host.loopbackAddress] + routers)
    }

    /// For `Layout.frontBundleFile` of every balancer: what users dial.
    public var frontCertificateNames: CertificateNames {
        CertificateNames(names: [domain, "localhost"], addresses: hosts(.balancer).map(\.address) + ["127.0.0.1"])
    }

    /// The name under which nginx calls another host's app, whichever host that is.
    var sharedAppName: String { "app.\(name).internal" }
    /// The name under which a web server may be called, whichever it is.
    var sharedWebName: String { "web.\(name).internal" }
}

extension [String] {
    /// Each element once, where it comes first.
    var uniqued: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
