/// A client of one etcd cluster, version 3.4 or later, over its JSON gateway and TLS with certificates on both sides.
///
/// An error is no answer, whatever the reason: who decides by etcd's word has none. What etcd refuses for certain is a
/// value, not an error. Requests that change something are sent once; whoever sent one and got no answer decides
/// whether to send it again.
public struct EtcdClient: Sendable {
    let configuration: EtcdConfiguration
    let transport: EtcdTransport
    let order: EndpointOrder
    let requests: RequestLimit
    let watches: RequestLimit

    /// `shutdown()` it when done.
    public init(_ configuration: EtcdConfiguration) throws(CoordinationError) {
        func refuse(_ what: String, _ next: String) -> CoordinationError {
            CoordinationError(
                .settings, doing: "make a client for etcd", what: what, next: next, mayHaveArrived: false)
        }
        guard !configuration.endpoints.isEmpty else { throw refuse("no etcd is named", "Name at least one.") }
        // A name is looked up in the client's own table, which has one address for each.
        let hosts = Set(configuration.endpoints.map(\.host))
        guard hosts.count == configuration.endpoints.count else {
            throw refuse("two of its endpoints have the same name", "Name each member of etcd once.")
        }
        self.configuration = configuration
        transport = try EtcdTransport(configuration)
        order = EndpointOrder(configuration.endpoints)
        requests = RequestLimit(configuration.maximumRequests)
        watches = RequestLimit(configuration.maximumWatches)
    }

    public func shutdown() async { await transport.shutdown() }

    /// Asks members until one answers or the time is up.
    /// - Parameter endpoint: to ask this one and no other.
    func ask<Value: WireAnswer>(
        _ call: EtcdCall, as type: Value.Type, at endpoint: EtcdEndpoint? = nil, within deadline: Duration?
    ) async throws(CoordinationError) -> Answer<Value> {
        guard let place = requests.enter() else { throw .tooMany(call.doing, configuration.maximumRequests) }
        let deadline = deadline ?? configuration.deadline
        let inquiry = Inquiry<Value>(
            call: call, endpoints: endpoint.map { [$0] } ?? order.all, deadline: deadline,
            patience: configuration.patience, transport: transport, order: order)
        let result = await inquiry.run()
        withExtendedLifetime(place) {}
        return try result.get()
    }
}
