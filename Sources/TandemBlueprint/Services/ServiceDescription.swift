public import TandemStack

/// What Tandem knows of a kind of service; a `ServiceBlueprint` is one of that kind on a certain host.
///
/// One entry each: lists of services elsewhere are made from these, so that a new service is in all of them.
public struct ServiceDescription: Sendable {
    /// What it takes up without a reload.
    public enum InPlace: Sendable {
        case nothing
        case certificates
        case routerServers
    }

    /// Where it runs; nowhere where the stack has none of it.
    public var hosts: @Sendable (Stack) -> [Host]
    /// The generated files that it reads when it starts or reloads; the one that its program checks comes first.
    var files: @Sendable (Layout) -> [String]
    /// The files of TLS that it reads when it starts or reloads.
    var certificates: @Sendable (Layout) -> [String]
    var inPlace: InPlace
    /// Whether its log has its name. Workers and jobs have names of their own, and keepalived's log is systemd's.
    public var hasLog: Bool

    public init(of service: ServiceName) {
        self =
            switch service {
            case .haproxy:
                Self(
                    hosts: { $0.hosts(.balancer) }, files: { [$0.haproxyFile] },
                    certificates: { [$0.caFile, $0.balancerBundleFile, $0.frontBundleFile] })
            case .nginx:
                Self(
                    hosts: { $0.hosts.filter { $0.has(.web) || $0.has(.app) } }, files: { [$0.nginxFile] },
                    certificates: { [$0.caFile, $0.webCertificateFile, $0.webKeyFile] })
            case .app: Self(hosts: { $0.hosts(.app) })
            case .worker: Self(hosts: { $0.app.workers.isEmpty ? [] : $0.hosts(.app) }, hasLog: false)
            case .job: Self(hosts: { $0.app.jobs.isEmpty ? [] : $0.hosts(.app) }, hasLog: false)
            case .router: Self(hosts: { $0.hosts(.app) }, files: { [$0.routerFile] }, inPlace: .routerServers)
            case .mysql:
                Self(
                    hosts: { $0.hosts(.database) }, files: { [$0.mysqlFile] },
                    certificates: { [$0.caFile, $0.databaseCertificateFile, $0.databaseKeyFile] },
                    inPlace: .certificates)
            // It reads its certificate with each connection that it takes.
            case .etcd: Self(hosts: { $0.voters }, files: { [$0.etcdFile] })
            case .keepalived:
                Self(
                    hosts: { $0.frontAddresses.isEmpty ? [] : $0.hosts(.balancer) }, files: { [$0.keepalivedFile] },
                    hasLog: false)
            case .alertmanager:
                Self(
                    hosts: { $0.monitors }, files: { [$0.alertmanagerFile] }, certificates: Self.monitorCertificates)
            case .prometheus:
                Self(
                    hosts: { $0.monitors }, files: { [$0.prometheusFile, $0.alertRulesFile] },
                    certificates: Self.monitorCertificates)
            }
    }

    private static let monitorCertificates: @Sendable (Layout) -> [String] = {
        [$0.monitorCAFile, $0.monitorCertificateFile, $0.monitorKeyFile]
    }

    private init(
        hosts: @escaping @Sendable (Stack) -> [Host], files: @escaping @Sendable (Layout) -> [String] = { _ in [] },
        certificates: @escaping @Sendable (Layout) -> [String] = { _ in [] }, inPlace: InPlace = .nothing,
        hasLog: Bool = true
    ) {
        self.hosts = hosts
        self.files = files
        self.certificates = certificates
        self.inPlace = inPlace
        self.hasLog = hasLog
    }
}

extension ServiceName {
    /// By a name in `status`: `app-2` is an app, and a name that is none of Tandem's own a worker's.
    public init(statusName: String) {
        self = Self(rawValue: statusName) ?? (statusName.hasPrefix("\(Self.app.rawValue)-") ? .app : .worker)
    }
}

extension Layout {
    public func configurationFiles(of service: ServiceName) -> [String] { ServiceDescription(of: service).files(self) }

    public func certificateFiles(of service: ServiceName) -> [String] {
        ServiceDescription(of: service).certificates(self)
    }
}
