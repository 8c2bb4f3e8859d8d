import TandemBlueprint
import TandemCoordination
import TandemStack

/// An agent's connections to etcd, made when they are first needed.
actor StoreConnections {
    private let stack: Stack
    private let host: Host
    private let folder: StackFolder
    private var known: [[EtcdEndpoint]: EtcdClient] = [:]
    private var isShutDown = false

    init(stack: Stack, host: Host, folder: StackFolder) {
        self.stack = stack
        self.host = host
        self.folder = folder
    }

    nonisolated func endpoint(_ host: Host) -> EtcdEndpoint {
        EtcdEndpoint(address: host.address, port: Ports.store, name: stack.storeName(of: host))
    }

    /// To the etcd of this host alone.
    func own() throws -> EtcdClient { try client([host]) }

    /// To those of all hosts that vote, this host's own first.
    func all() throws -> EtcdClient {
        try client(stack.voters.filter { $0.name == host.name } + stack.voters.filter { $0.name != host.name })
    }

    /// To those of all other hosts that vote.
    func others() throws -> EtcdClient { try client(stack.voters.filter { $0.name != host.name }) }

    private func client(_ hosts: [Host]) throws -> EtcdClient {
        let endpoints = hosts.map(endpoint)
        if let client = known[endpoints] { return client }
        guard !isShutDown else { throw CancellationError() }
        var configuration = EtcdConfiguration(
            endpoints: endpoints, certificate: folder.storeCertificateFile(host.name),
            key: folder.storeKeyFile(host.name), ca: folder.storeCAFile(host.name))
        configuration.maximumConnectionsPerMember = 2
        let client = try EtcdClient(configuration)
        known[endpoints] = client
        return client
    }

    func shutdown() async {
        isShutDown = true
        let clients = known.values
        known = [:]
        for client in clients { await client.shutdown() }
    }
}
