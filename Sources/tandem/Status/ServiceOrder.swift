import TandemTopology

extension [ServiceStatus] {
    /// In the order in which a request passes them.
    var inRequestOrder: [ServiceStatus] {
        let names = ["haproxy", "nginx", "app", "router", "mysql", "etcd", "keepalived"]
        func place(_ service: ServiceStatus) -> Int { names.lastIndex { service.name.hasPrefix($0) } ?? names.count }
        return enumerated().sorted { (place($0.element), $0.offset) < (place($1.element), $1.offset) }.map(\.element)
    }
}
