import TandemStack

/// etcd.yaml: one member of etcd, where it will be decided who is primary.
///
/// It says nothing of the other members: which there are is in etcd's own data, and how a member without data comes by
/// its place is the agent's to decide.
struct StoreFile {
    let site: Site

    /// A request waits at most this long for a new leader of etcd. A lease lasts at least one and a half times as long,
    /// and the failover's are of 4 s.
    static let electionMilliseconds = 2000
    static let heartbeatMilliseconds = 400
    static let batchSeconds = 1
    /// What the failover keeps there takes kilobytes.
    static let quotaBytes = 64 << 20

    func text() throws(BlueprintError) -> String {
        configuration([site.banner("etcd.yaml"), try place(), size, try security()])
    }

    private func place() throws(BlueprintError) -> String {
        let clients = "https://\(site.host.address):\(Ports.store)"
        let peers = "https://\(site.host.address):\(Ports.storePeer)"
        return """
            # [hosts] name and address
            name: \(try YAMLSyntax.text(site.host.name))
            data-dir: \(try YAMLSyntax.text(site.layout.etcdDataFolder))
            listen-client-urls: \(clients)
            advertise-client-urls: \(clients)
            listen-peer-urls: \(peers)
            initial-advertise-peer-urls: \(peers)
            # Read without data only. A member that has lost its data, or is new, is given its place by the agent; started with
            # these, it finds no place.
            initial-cluster-token: \(try YAMLSyntax.text(site.stack.name))
            \(Self.initialCluster)\(try YAMLSyntax.text("\(site.host.name)=\(peers)"))
            \(Self.initialState)existing
            strict-reconfig-check: true
            """
    }

    static let initialCluster = "initial-cluster: "
    static let initialState = "initial-cluster-state: "

    private var size: String {
        """
        # A leader of etcd that is not heard of for two seconds is replaced. Twice etcd's own time: machines are busy. Heartbeats
        # are as few as etcd takes beside that: they are most of what it costs at rest.
        heartbeat-interval: \(Self.heartbeatMilliseconds)
        election-timeout: \(Self.electionMilliseconds)
        pre-vote: true
        # How often what is in the log is put into the data's file, in nanoseconds; nothing is less safe for it, and etcd's own ten times
        # a second are a third of what it costs at rest.
        backend-batch-interval: \(Self.batchSeconds)000000000
        # Bounded: etcd refuses to write more, and forgets what keys were more than an hour ago.
        quota-backend-bytes: \(Self.quotaBytes)
        auto-compaction-mode: periodic
        auto-compaction-retention: 1h
        snapshot-count: 10000
        max-wals: 2
        max-snapshots: 2
        max-request-bytes: 1048576
        # Agents speak JSON to it.
        enable-grpc-gateway: true
        logger: zap
        log-level: info
        log-outputs: [stderr]
        """
    }

    private func security() throws(BlueprintError) -> String {
        """
        # Who calls shows a certificate of etcd's own authority: agents, and the other members, which go by a name that agents do
        # not have.
        tls-min-version: TLS1.2
        client-transport-security:
        \(try certificates().indented)
        peer-transport-security:
        \(try certificates().indented)
            allowed-hostname: [\(site.stack.storePeerName)]
        """
    }

    private func certificates() throws(BlueprintError) -> String {
        """
        cert-file: \(try YAMLSyntax.text(site.layout.storeCertificateFile))
        key-file: \(try YAMLSyntax.text(site.layout.storeKeyFile))
        trusted-ca-file: \(try YAMLSyntax.text(site.layout.storeCAFile))
        client-cert-auth: true
        """
    }
}

/// How a member of etcd without data comes by its place.
public enum StoreBeginning: Sendable, Equatable {
    /// As the first and only one.
    case founding
    /// As one that was just added: all members as `NAME=URL`, itself among them.
    case joining(members: [String])

    /// What to start etcd with, instead of the generated file.
    public func text(from file: String) -> String {
        let lines = file.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return lines.map { line in
            switch self {
            case .founding where line.hasPrefix(StoreFile.initialState): "\(StoreFile.initialState)new"
            case .joining(let members) where line.hasPrefix(StoreFile.initialCluster):
                "\(StoreFile.initialCluster)\"\(members.joined(separator: ","))\""
            default: line
            }
        }.joined(separator: "\n")
    }
}

extension Site {
    func storeService(_ program: String) -> ServiceBlueprint {
        var environment: [String: EnvironmentValue] = [
            // What it holds is small. Measured: 38 MB at rest.
            "GOMEMLIMIT": "64MiB", "GOGC": "50",
        ]
        if sharesMachine { environment["GOMAXPROCS"] = "1" }
        return ServiceBlueprint(
            name: .etcd,
            // The agent writes the second file for a member without data.
            command: [
                "/bin/sh", "-c", #"f="$1"; [ ! -e "$2" ] || f="$2"; exec "$0" --config-file "$f""#, program,
                layout.etcdFile, layout.etcdFirstFile,
            ],
            environment: environment,
            workingDirectory: layout.hostFolder,
            readiness: .store(address: host.address, port: Ports.store, name: stack.storeName(of: host)),
            // Until a majority is there.
            startTimeoutSeconds: 120,
            stop: .init(signal: Signal.term, boundSeconds: 10),
            listeners: [Ports.store, Ports.storePeer].map { .init(address: host.address, port: $0, reach: .stack) })
    }
}
