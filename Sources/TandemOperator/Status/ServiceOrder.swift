import TandemTopology

extension [ServiceStatus] {
    /// In the order in which a request passes them; workers, whom none passes, after the app.
    package var inRequestOrder: [ServiceStatus] {
        enumerated().sorted { (Self.place($0.element.name), $0.offset) < (Self.place($1.element.name), $1.offset) }
            .map(\.element)
    }

    /// A name that is none of Tandem's own, nor an instance's such as `app-2`, is a worker's.
    private static func place(_ name: String) -> Int {
        let names = [
            "haproxy", "nginx", "app", "", "router", "mysql", "etcd", "keepalived", "alertmanager", "prometheus",
        ]
        return names.firstIndex { name == $0 || !$0.isEmpty && name.hasPrefix("\($0)-") } ?? 3
    }
}
