import TandemStack

/// Files that the agent makes while a service of its host is to get no new requests, because it is about to be
/// restarted or reloaded. nginx looks for them with each request: a reload in their place would close connections that
/// idle, and a request that a client is just sending on one of those would be lost.
public struct Leaving: Sendable {
    /// The app's instances in groups, of which each can be left out. Large hosts have several instances to a group, so
    /// that nginx has few groups and looks for few files.
    let groups: [Range<Int>]
    /// Whether other hosts' apps can take what comes for this host's.
    let hasOtherApps: Bool
    /// Whether the balancers have other web servers.
    let hasOtherWebServers: Bool
    private let isWebServer: Bool

    static let groupLimit = 8

    public init(stack: Stack, host: Host) {
        let instances = stack.app.instances
        let count = min(instances, Self.groupLimit)
        groups = (0..<count).map { Ports.app + instances * $0 / count..<Ports.app + instances * ($0 + 1) / count }
        hasOtherApps = stack.hosts(.app).contains { $0.name != host.name }
        hasOtherWebServers = stack.hosts(.web).contains { $0.name != host.name }
        isWebServer = host.has(.web)
    }

    /// For this host's whole app.
    static let app = "app"
    /// For nginx itself.
    static let nginx = "nginx"
    static func app(group: Int) -> String { "app-\(group + 1)" }

    /// The file that should be there; nil where there is nobody else.
    /// - Parameter leaving: ports of instances of the app, in the order in which they began to leave.
    public func appFile(leaving: [Int]) -> String? {
        let left = groups.indices.filter { index in leaving.contains { groups[index].contains($0) } }
        guard let last = leaving.last, let group = groups.firstIndex(where: { $0.contains(last) }) else { return nil }
        if left.count == 1, groups.count > 1 { return Self.app(group: group) }
        if hasOtherApps { return Self.app }
        return left.count < groups.count ? Self.app(group: group) : nil
    }

    /// The same for nginx. As a web server it asks the balancers for nothing more; as the door to this host's app the
    /// web servers.
    public var nginxFile: String? {
        isWebServer && hasOtherWebServers || !isWebServer && hasOtherApps ? Self.nginx : nil
    }

    /// Until everybody who sends requests to an nginx that leaves has noticed: the balancers' checks come each second,
    /// and each request that a web server sends to a door closes the connection that it came on.
    public static let pause = Duration.milliseconds(2500)
}

extension NginxFile {
    /// Without an agent nobody makes the files.
    var leaving: Leaving? { site.leadership.isFixed ? nil : Leaving(stack: stack, host: host) }

    func isLeaving(_ file: String) throws(BlueprintError) -> String {
        "if (-f \(try NginxSyntax.expanded("\(site.layout.leavingFolder)/\(file)")))"
    }

    /// The groups of this host's own instances that stand beside the group of all, each without some.
    func groupsWithout(_ name: String, _ all: [Range<Int>]) -> [(name: String, ports: [Int])] {
        guard all.count > 1 else { return [] }
        return all.indices.map { left in
            ("\(name)_without_\(left + 1)", all.indices.filter { $0 != left }.flatMap { all[$0] })
        }
    }

    /// Which group a server passes requests to.
    /// - Parameter elsewhere: the group that takes the whole app's place.
    /// - Returns: what stands in the server before, and the group.
    func choice(_ name: String, elsewhere: String?) throws(BlueprintError) -> (lines: String, group: String) {
        var lines = ""
        for (index, group) in groupsWithout(name, leaving?.groups ?? []).enumerated() {
            lines += "\n\(try isLeaving(Leaving.app(group: index))) {\n    set $tandem_app \(group.name);\n}"
        }
        if leaving != nil, let elsewhere {
            lines += "\n\(try isLeaving(Leaving.app)) {\n    set $tandem_app \(elsewhere);\n}"
        }
        if lines.isEmpty { return ("", "\(name)$tandem_fresh") }
        let comment = "# For those of the app that are about to be restarted the agent makes such a file."
        return ("\n\(comment)\nset $tandem_app \(name);\(lines)", "$tandem_app$tandem_fresh")
    }
}
