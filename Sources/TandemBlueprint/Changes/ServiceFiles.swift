/// What a service has read of its files, in the two parts in which it takes them up.
///
/// `plan` compares two versions of a stack by this, and an agent what is on disk with what a process has read, so that
/// both say the same.
public struct ServiceFiles: Sendable, Equatable {
    /// What only a reload, or a restart where the program knows none, takes up.
    public var configuration: String
    /// What is taken up in place, such as the router's servers and MySQL's certificates; nil where the program can do
    /// no such thing.
    public var inPlace: String?

    /// - Parameters:
    ///   - file: the generated files of `Layout.configurationFiles`, one after the other; empty where there are none.
    ///   - certificates: texts, or fingerprints, of the files of TLS.
    public init(service: ServiceName, file: String, certificates: [String]) {
        let certificates = certificates.joined(separator: "\0")
        switch ServiceDescription(of: service).inPlace {
        case .routerServers:
            let router = RouterServers(file: file)
            configuration = router.remainder
            inPlace = router.servers.map { "\($0.section)/\($0.name) \($0.rest)" }.joined(separator: "\n")
        case .certificates:
            configuration = FileBlueprint.effective(file)
            inPlace = certificates
        case .nothing:
            configuration = FileBlueprint.effective(file) + "\0" + certificates
            inPlace = nil
        }
    }
}

extension ChangeStep {
    /// How gently a service that stays takes up what differs. Nothing else decides it.
    /// - Parameters:
    ///   - hasNewCommand: whether its command, environment or working directory differs.
    ///   - hasNewConfiguration: see `ServiceFiles.configuration`.
    ///   - hasNewInPlace: see `ServiceFiles.inPlace`.
    ///   - canReload: whether the program takes a new file up without being started anew.
    public init(hasNewCommand: Bool, hasNewConfiguration: Bool, hasNewInPlace: Bool, canReload: Bool) {
        self =
            if hasNewCommand {
                .restart
            } else if hasNewConfiguration {
                canReload ? .reload : .restart
            } else {
                hasNewInPlace ? .refresh : .nothing
            }
    }
}
