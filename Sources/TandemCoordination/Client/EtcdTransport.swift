import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL

/// Carries single requests to single members.
///
/// HTTP/1.1 on purpose: a request that is given up closes its connection, so that a connection that leads nowhere is
/// used once and not again. Over HTTP/2 all requests would share it.
struct EtcdTransport: Sendable {
    private let client: HTTPClient
    /// For answers that do not end: a connection each.
    private let watches: HTTPClient
    private let maximumAnswerBytes: Int

    init(_ configuration: EtcdConfiguration) throws(CoordinationError) {
        var http = HTTPClient.Configuration(redirectConfiguration: .disallow)
        do {
            http.tlsConfiguration = try Self.tls(configuration)
        } catch {
            throw CoordinationError(
                .settings, doing: "make a client for etcd", what: "\(error)",
                next: "Check \(configuration.certificate), \(configuration.key) and \(configuration.ca).",
                mayHaveArrived: false)
        }
        http.httpVersion = .http1Only
        http.dnsOverride = Dictionary(
            configuration.endpoints.compactMap { endpoint in endpoint.name.map { ($0, endpoint.address) } },
            uniquingKeysWith: { first, _ in first })
        http.timeout.connect = TimeAmount(configuration.connectDeadline)
        // A member that cannot be reached is an answer: another one is asked.
        http.connectionPool.retryConnectionEstablishment = false
        http.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = configuration.maximumConnectionsPerMember
        client = HTTPClient(configuration: http)
        http.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = configuration.maximumWatches
        http.timeout.read = TimeAmount(configuration.watchSilence)
        watches = HTTPClient(configuration: http)
        maximumAnswerBytes = configuration.maximumAnswerBytes
    }

    private static func tls(_ configuration: EtcdConfiguration) throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(configuration.ca)
        tls.minimumTLSVersion = .tlsv12
        tls.certificateChain = try NIOSSLCertificate.fromPEMFile(configuration.certificate).map { .certificate($0) }
        tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: configuration.key, format: .pem))
        return tls
    }

    func shutdown() async {
        try? await client.shutdown()
        try? await watches.shutdown()
    }

    /// Asks one member and reads its whole answer. Ends when the task is cancelled.
    func ask<Value: WireAnswer>(
        _ call: EtcdCall, _ endpoint: EtcdEndpoint, as type: Value.Type, deadline: Duration
    ) async throws(CoordinationError) -> Answer<Value> {
        do {
            let response = try await client.execute(
                request(call, endpoint), deadline: .now() + TimeAmount(deadline))
            let body = try await response.body.collect(upTo: maximumAnswerBytes)
            return try Self.answer(Data(body.readableBytesView), isOK: response.status == .ok, type)
        } catch let error as Meaningless {
            throw error.error(call.doing, endpoint)
        } catch {
            throw Self.failure(error, call.doing, endpoint)
        }
    }

    /// Asks one member for an answer that does not end, and waits for its beginning.
    func open(
        _ call: EtcdCall, _ endpoint: EtcdEndpoint, deadline: Duration
    ) async throws(CoordinationError) -> HTTPClientResponse.Body.AsyncIterator {
        do {
            let response = try await watches.execute(
                request(call, endpoint), deadline: .now() + TimeAmount(deadline))
            guard response.status == .ok else {
                let body = try await response.body.collect(upTo: maximumAnswerBytes)
                _ = try Self.answer(Data(body.readableBytesView), isOK: false, WireDone.self)
                throw Meaningless(reason: .malformedAnswer, what: "it answered \(response.status.code)")
            }
            return response.body.makeAsyncIterator()
        } catch let error as Meaningless {
            throw error.error(call.doing, endpoint)
        } catch {
            throw Self.failure(error, call.doing, endpoint)
        }
    }

    private func request(_ call: EtcdCall, _ endpoint: EtcdEndpoint) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: "https://\(endpoint.host):\(endpoint.port)\(call.path)")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        if call.wantsLeader { request.headers.add(name: "Grpc-Metadata-hasleader", value: "true") }
        request.body = .bytes(call.body)
        return request
    }

    /// Pure: what the bytes of an answer say.
    static func answer<Value: WireAnswer>(_ body: Data, isOK: Bool, _ type: Value.Type) throws -> Answer<Value> {
        let decoder = JSONDecoder()
        if let error = try? decoder.decode(WireError.self, from: body) {
            switch error.meaning {
            case .refused(let refusal): return .refused(refusal)
            case .none(let reason): throw Meaningless(reason: reason, what: "it answered: \(error.message)")
            }
        }
        let start = String(decoding: body.prefix(200), as: UTF8.self)
        guard isOK else { throw Meaningless(reason: .malformedAnswer, what: "it answered an error: \(start)") }
        do {
            return .value(try decoder.decode(type, from: body))
        } catch {
            throw Meaningless(reason: .malformedAnswer, what: "its answer is not as expected (\(error)): \(start)")
        }
    }
}

/// An answer that answers nothing.
struct Meaningless: Error {
    let reason: CoordinationError.Reason
    let what: String

    func error(_ doing: String, _ endpoint: EtcdEndpoint) -> CoordinationError {
        let next =
            switch reason {
            case .denied: "Check which certificate this host shows, and etcd's users."
            case .noSpace: "Compact and defragment etcd's members, then take the alarm back."
            case .unavailable: "Check that a majority of the etcd members runs and can reach each other."
            default: "Check that \(endpoint) is an etcd of version 3.4 or later."
            }
        return CoordinationError(reason, doing: doing, what: "\(endpoint): \(what)", next: next)
    }
}
