import Synchronization

/// Which member is asked first: the one that answered last.
final class EndpointOrder: Sendable {
    private let endpoints: [EtcdEndpoint]
    private let preferred = Mutex(0)

    init(_ endpoints: [EtcdEndpoint]) { self.endpoints = endpoints }

    var all: [EtcdEndpoint] {
        let first = preferred.withLock { $0 }
        return endpoints.indices.map { endpoints[(first + $0) % endpoints.count] }
    }

    func didAnswer(_ endpoint: EtcdEndpoint) {
        guard let index = endpoints.firstIndex(of: endpoint) else { return }
        preferred.withLock { $0 = index }
    }

    /// The one after it is asked first from now on, unless that has changed already.
    func didFail(_ endpoint: EtcdEndpoint) {
        guard let index = endpoints.firstIndex(of: endpoint) else { return }
        preferred.withLock { if $0 == index { $0 = (index + 1) % endpoints.count } }
    }
}
